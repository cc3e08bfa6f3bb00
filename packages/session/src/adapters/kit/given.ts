import { Sessions } from "../../engine.ts";
import type { SessionOptions } from "../../set-up.ts";
import { SessionError } from "../../errors.ts";
import type { SessionData } from "../../session/data.ts";

/**
 * The argument of every adapter: session options, or sessions that several parts of an app share,
 * such as its HTTP and WebSocket servers.
 */
export type SessionsOrOptions<Data = SessionData> = Sessions<Data> | SessionOptions<Data>;

/**
 * Creates sessions from options, or returns sessions unchanged.
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

/** Session options or shared sessions, or a function that returns either at the first request. */
export type LazySessions<Data = SessionData> =
  | SessionsOrOptions<Data>
  | (() => SessionsOrOptions<Data>);

/**
 * The sessions that were created by calling a function of the app. Adapters that get the same
 * function share the sessions.
 */
const made = new WeakMap<() => unknown, Sessions<never>>();

/**
 * Creates the sessions now, or at their first use if the argument is a function. With a function, a
 * build that only imports the module needs no secret key. Adapters with the same function share
 * their sessions.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; with a function, at the first use
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
 * Creates the sessions as {@link lazySessions} does. Calls `check` once, when the sessions are
 * first used.
 */
export function checkedSessions<Data>(
  given: LazySessions<Data>,
  check: (sessions: Sessions<Data>) => void,
): () => Sessions<Data> {
  const lazy = lazySessions(given);
  let isChecked = false;
  return () => {
    const sessions = lazy();
    if (!isChecked) check(sessions);
    isChecked = true;
    return sessions;
  };
}

/**
 * Makes the error for a session middleware that is in the wrong place or is used twice.
 *
 * @param message states the fault and the remedy
 */
export function setUpError(message: string): SessionError<"ERR_SESSION_SETUP"> {
  return new SessionError("ERR_SESSION_SETUP", message);
}

/**
 * Makes the error for a second session under the same property. Both sessions would write the same
 * cookie.
 */
export function secondSessionError(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return setUpError(`${where} already exists. Keep one session middleware.`);
}

/** Makes the error for a session that was used before its middleware ran. */
export function tooEarlyError(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return setUpError(
    `${where} was used before the session middleware ran. Put the session middleware first.`,
  );
}
