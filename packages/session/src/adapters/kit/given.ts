import { Sessions, type SessionOptions } from "../../engine.ts";
import { SessionError } from "../../errors.ts";
import type { SessionData } from "../../session/data.ts";

/**
 * What every adapter takes: the options of sessions, or the sessions themselves where several parts
 * of an app share them, as HTTP and WebSocket do.
 */
export type SessionsOrOptions<Data = SessionData> = Sessions<Data> | SessionOptions<Data>;

/**
 * Sets sessions up, or takes those that were.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const shared = toSessions({ secretKey });
 * ```
 */
export function toSessions<Data>(given: SessionsOrOptions<Data>): Sessions<Data> {
  return given instanceof Sessions ? given : new Sessions<Data>(given);
}

/** As {@link SessionsOrOptions}, or a function that gives them at the first request. */
export type LazySessions<Data = SessionData> =
  | SessionsOrOptions<Data>
  | (() => SessionsOrOptions<Data>);

/**
 * Sets sessions up now or, given a function, when they are first asked for: a build that only
 * imports the module then needs no secret key.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; given a function, when the sessions
 * are asked for
 * @example
 * ```ts
 * const sessions = lazySessions(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
 * sessions().open("");
 * ```
 */
export function lazySessions<Data>(given: LazySessions<Data>): () => Sessions<Data> {
  let sessions = typeof given === "function" ? undefined : toSessions(given);
  return () => (sessions ??= toSessions((given as () => SessionsOrOptions<Data>)()));
}

/**
 * The middleware stands in the wrong place, or stands twice.
 *
 * @param message what is wrong, and what to do
 */
export function refuseSetUp(message: string): SessionError<"ERR_SESSION_SETUP"> {
  return new SessionError("ERR_SESSION_SETUP", message);
}

/** Two sessions on one request: they would overwrite each other's cookie. */
export function refuseSecond(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return refuseSetUp(`${where} is there already. Keep one session middleware.`);
}

/** The session was touched by something that runs before the middleware. */
export function refuseEarly(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return refuseSetUp(`Put the session middleware first: ${where} was used before it ran.`);
}
