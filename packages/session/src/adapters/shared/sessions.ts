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

/** Two sessions on one request: they would overwrite each other's cookie. */
export function refuseSecond(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return new SessionError(
    "ERR_SESSION_SETUP",
    `${where} is there already: two session middlewares stand before this route, or one stands twice. Keep one.`,
  );
}

/** The middleware came when nothing could be sent any more. */
export function refuseLate(): SessionError<"ERR_SESSION_SETUP"> {
  return new SessionError(
    "ERR_SESSION_SETUP",
    "The response began before the session middleware ran. Put the session middleware first.",
  );
}

/** The session was touched by something that runs before the middleware. */
export function refuseEarly(where: string): SessionError<"ERR_SESSION_SETUP"> {
  return new SessionError(
    "ERR_SESSION_SETUP",
    `${where} was used before the session middleware ran. Put the session middleware first.`,
  );
}
