import { SessionError } from "../../errors.ts";
import { setMaxAge } from "../../session/functions.ts";

/**
 * Sets the lifetime of a session from the values that other libraries accept.
 *
 * @param milliseconds the lifetime; null, undefined and "session" keep the session until the
 *   browser closes
 * @throws SessionError `ERR_SESSION_OPTION` for any other value that is not a lifetime of at least
 *   one second, after rounding
 */
export function setMilliseconds(session: object, milliseconds: unknown): void {
  const isBrowsers =
    milliseconds === null || milliseconds === undefined || milliseconds === "session";
  const seconds = typeof milliseconds === "number" ? Math.round(milliseconds / 1000) : Number.NaN;
  setMaxAge(session, isBrowsers ? null : seconds);
}

/**
 * Makes the error for an app that sets a cookie attribute for one session. The attribute is an
 * option of `session()` and the same for all sessions.
 */
export function attributeError(name: string): SessionError<"ERR_SESSION_OPTION"> {
  return new SessionError(
    "ERR_SESSION_OPTION",
    `The cookie's ${name} is the same for all sessions. Set it as an option of session().`,
  );
}

/**
 * The cookie attributes that an app cannot set for one session, because they are the same for all
 * sessions. Other properties are ignored, because plugins also pass properties of their own.
 */
const ATTRIBUTES = ["path", "domain", "secure", "sameSite", "httpOnly", "partitioned", "expires"];

/**
 * Returns the `maxAge` that an app passed to `request.session.options()`, as in Fastify's plugins.
 *
 * @throws SessionError `ERR_SESSION_OPTION` for a cookie attribute other than `maxAge`
 */
export function lifetimeIn(options: Readonly<Record<string, unknown>>): unknown {
  const other = ATTRIBUTES.find((name) => options[name] !== undefined);
  if (other !== undefined) throw attributeError(other);
  return options["maxAge"];
}
