/**
 * The data of sessions, in every framework. Add to it by declaration merging:
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
 * What `req.session` is: every key may be missing. Where an app declared nothing, any key may hold
 * anything, and nothing is checked.
 */
export type SessionOf<Data = SessionData> = [keyof Data] extends [never]
  ? // oxlint-disable-next-line typescript/no-explicit-any -- code without a declaration compiles
    Record<string, any>
  : Partial<Data>;
