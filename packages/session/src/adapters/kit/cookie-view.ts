import { nowSeconds } from "../../session/clock.ts";
import { describe } from "../../session/functions.ts";
import { attributeError, setMilliseconds } from "./lifetime-spellings.ts";

/** The lifetime of the session's cookie, with the property names of express-session. */
export interface CookieView {
  /**
   * When the cookie expires. Null means when the browser closes; you can set false for the same.
   */
  expires: Date | null;
  /**
   * Milliseconds until the cookie expires. Null means until the browser closes. Set a number to
   * give this session its own lifetime.
   */
  maxAge: number | null;
  /** The cookie's full lifetime in milliseconds. */
  readonly originalMaxAge: number | null;
}

/** Returns the object that shows and sets a session's lifetime, such as `req.session.cookie`. */
export function cookieOf(session: object): CookieView {
  const { expiresAt, issuedAt, maxAge } = describe(session);
  const expires = maxAge === null ? null : expiresAt;
  const view: CookieView = {
    expires,
    // A session ends on a whole second. Counting from the current whole second lets an app read
    // exactly the lifetime that it has just set.
    maxAge: expires && expires.getTime() - nowSeconds() * 1000,
    originalMaxAge: expires && expires.getTime() - issuedAt.getTime(),
  };
  return new Proxy(view, {
    set(_view, name, value: unknown) {
      if (name === "maxAge") setMilliseconds(session, value);
      else if (name === "expires") setMilliseconds(session, untilOf(value));
      else throw attributeError(String(name));
      return true;
    },
    defineProperty: (_view, name) => {
      throw attributeError(String(name));
    },
  });
}

/**
 * Returns the milliseconds until a date; null for null or false, which mean until the browser
 * closes.
 */
function untilOf(expires: unknown): unknown {
  if (expires === null || expires === false) return null;
  return expires instanceof Date ? expires.getTime() - Date.now() : Number.NaN;
}
