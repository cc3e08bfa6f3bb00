import { Sessions, type SessionOptions } from "../../engine.ts";
import { SessionError } from "../../errors.ts";
import type { SessionData } from "../../session/data.ts";

/**
 * What every adapter takes: session options, or the sessions themselves if several parts of an app
 * share them, such as HTTP and WebSocket.
 */
export type SessionsOrOptions<Data = SessionData> = Sessions<Data> | SessionOptions<Data>;

/**
 * Sets sessions up, or returns the given ones.
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

/** As {@link SessionsOrOptions}, or a function that returns them at the first request. */
export type LazySessions<Data = SessionData> =
  | SessionsOrOptions<Data>
  | (() => SessionsOrOptions<Data>);

/** The sessions that functions gave, so that adapters given one function share them. */
const made = new WeakMap<() => unknown, Sessions<never>>();

/**
 * Sets sessions up now or, given a function, at their first use. A build that only imports the
 * module then needs no secret key. The same function gives the same sessions to every adapter.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; given a function, at the first use
 * @example
 * ```ts
 * const sessions = lazySessions(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
 * sessions().open("");
 * ```
 */
export function lazySessions<Data>(given: LazySessions<Data>): () => Sessions<Data> {
  if (typeof given !== "function") {
    const sessions = toSessions(given);
    return () => sessions;
  }
  return () => {
    const before = made.get(given) as unknown as Sessions<Data> | undefined;
    const sessions = before ?? toSessions(given());
    if (before === undefined) made.set(given, sessions as unknown as Sessions<never>);
    return sessions;
  };
}

/**
 * Makes the error for a session middleware in the wrong place, or used twice.
 *
 * @param message what is wrong, and what to do
 */
export function refuseSetUp(message: string): SessionError<"ERR_SESSION_SETUP"> {
  return new SessionError("ERR_SESSION_SETUP", message);
}

/** Makes the error for two sessions on one request, which would overwrite each other's cookie. */
export function refuseSecond(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return refuseSetUp(`${where} already exists. Keep one session middleware.`);
}

/** Makes the error for a session that was used before the middleware ran. */
export function refuseEarly(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return refuseSetUp(`Put the session middleware first: ${where} was used before it ran.`);
}
