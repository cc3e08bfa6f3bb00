/**
 * The type of a session's data, in every framework. Declare your fields by declaration merging:
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
 * The type of `req.session`. Every key may be missing. If an app declares no fields in
 * {@link SessionData}, every key has the type `any`.
 */
export type SessionOf<Data = SessionData> = [keyof Data] extends [never]
  ? // oxlint-disable-next-line typescript/no-explicit-any -- apps without a declaration must compile
    Record<string, any>
  : Partial<Data>;

/**
 * The types of a request's further sessions, by the name in their option `property`. Declare yours
 * by declaration merging:
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
 * The properties of requests and sockets that hold the sessions declared in {@link OtherSessions}.
 * Their types exclude null: to end such a session, call `destroy`.
 */
export type OtherProperties = {
  [Property in keyof OtherSessions]: SessionOf<OtherSessions[Property]>;
};

/**
 * The type of a session. It includes methods if the app imports an adapter that adds them, such as
 * `@galleta/session/express-session`.
 */
export type WithMethods<Session, Methods> = [keyof Methods] extends [never]
  ? Session
  : Session & Methods;
