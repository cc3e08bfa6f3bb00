/**
 * The data of sessions, in every framework. Extend it by declaration merging:
 *
 * @example
 * ```ts
 * import type {} from "@galleta/session"; // not needed where the file imports an adapter
 *
 * declare module "@galleta/session" {
 *   interface SessionData {
 *     userId: string;
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- the app's declarations fill it
export interface SessionData {}

/**
 * The type of `req.session`. Every key may be missing. If an app declares no data, every key has
 * the type `any`.
 */
export type SessionOf<Data = SessionData> = [keyof Data] extends [never]
  ? // oxlint-disable-next-line typescript/no-explicit-any -- apps without a declaration must compile
    Record<string, any>
  : Partial<Data>;

/**
 * The data of sessions with another `property`. Extend it by declaration merging:
 *
 * @example
 * ```ts
 * import type {} from "@galleta/session"; // not needed where the file imports an adapter
 *
 * declare module "@galleta/session" {
 *   interface OtherSessions {
 *     prefs: { theme: "light" | "dark" };
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- the app's declarations fill it
export interface OtherSessions {}

/**
 * The properties that {@link OtherSessions} adds to requests and sockets. `destroy` ends one of
 * these sessions.
 */
export type OtherProperties = {
  [Property in keyof OtherSessions]: SessionOf<OtherSessions[Property]>;
};

/** A session with the methods of a drop-in, if the app imports one. */
export type WithMethods<Session, Methods> = [keyof Methods] extends [never]
  ? Session
  : Session & Methods;
