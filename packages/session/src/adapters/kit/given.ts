import { Sessions, type SessionOptions } from "../../engine.ts";
import { SessionError } from "../../errors.ts";
import type { SessionData } from "../../session/data.ts";

/**
 * What every adapter takes: the options of sessions, or the sessions themselves where several parts
 * of an app share them, as HTTP and WebSocket do.
 */
export type SessionsOrOptions<Data = SessionData> = Sessions<Data> | SessionOptions;

/**
 * Sets sessions up, or takes those that were.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 */
export function toSessions<Data>(given: SessionsOrOptions<Data>): Sessions<Data> {
  return given instanceof Sessions ? given : new Sessions<Data>(given);
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
