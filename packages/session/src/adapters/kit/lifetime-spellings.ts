import { SessionError } from "../../errors.ts";
import { setMaxAge } from "../../session/functions.ts";

/**
 * Gives a session a lifetime as other libraries spell it.
 *
 * @param milliseconds null, undefined and "session" stand for the end of the browser
 * @throws SessionError `ERR_SESSION_OPTION` for anything else that is no lifetime of a second or more
 */
export function setMilliseconds(session: object, milliseconds: unknown): void {
  const isBrowsers =
    milliseconds === null || milliseconds === undefined || milliseconds === "session";
  const seconds = typeof milliseconds === "number" ? Math.round(milliseconds / 1000) : Number.NaN;
  setMaxAge(session, isBrowsers ? null : seconds);
}

/** The cookie's attributes besides its lifetime are the same for all sessions. */
export function refuseAttribute(name: string): SessionError<"ERR_SESSION_OPTION"> {
  return new SessionError(
    "ERR_SESSION_OPTION",
    `The cookie's ${name} is the same for all sessions. Set it as an option of session().`,
  );
}
