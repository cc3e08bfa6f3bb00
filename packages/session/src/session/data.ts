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
// oxlint-disable-next-line typescript/no-empty-object-type -- declarations of the app fill it
export interface SessionData {}

/**
 * The type of `req.session`. Every key may be missing. If an app declares no data, any key may hold
 * anything, unchecked.
 */
export type SessionOf<Data = SessionData> = [keyof Data] extends [never]
  ? // oxlint-disable-next-line typescript/no-explicit-any -- code without a declaration compiles
    Record<string, any>
  : Partial<Data>;

/**
 * The data of the sessions beside the first, by their `property`. Add to it by declaration merging:
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
// oxlint-disable-next-line typescript/no-empty-object-type -- declarations of the app fill it
export interface OtherSessions {}

/** The properties that {@link OtherSessions} gives requests and sockets. `destroy` ends one. */
export type OtherProperties = {
  [Property in keyof OtherSessions]: SessionOf<OtherSessions[Property]>;
};

/** A session, and the methods that it inherits where an app imports a drop-in. */
export type WithMethods<Session, Methods> = [keyof Methods] extends [never]
  ? Session
  : Session & Methods;
