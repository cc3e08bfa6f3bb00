import { optionError } from "../errors.ts";

/** The attributes of a cookie (RFC 6265bis §4.1.2). `HttpOnly` is always set. */
export interface CookieAttributes {
  readonly path: string;
  readonly domain?: string | undefined;
  readonly sameSite: "lax" | "strict" | "none";
  readonly partitioned: boolean;
}

/**
 * The most bytes in the name and value of a cookie. Every browser keeps cookies up to this size
 * (RFC 6265bis §6.1).
 */
export const COOKIE_LIMIT = 4096;
/** The longest Max-Age that browsers honour, in seconds: 400 days (RFC 6265bis §5.5). */
export const MAX_AGE_LIMIT = 34_560_000;

const SAME_SITE = { lax: "Lax", strict: "Strict", none: "None" } as const;
// A cookie-octet of RFC 6265 §4.1.1: no control, white space, quote, comma, semicolon or backslash.
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/**
 * Makes the attributes of a Set-Cookie, except its lifetime. Called once at set-up.
 *
 * @param secure whether to set `Secure`
 */
export function serializeAttributes(attributes: CookieAttributes, secure: boolean): string {
  const { path, domain, sameSite, partitioned } = attributes;
  const toDomain = domain === undefined ? "" : `; Domain=${domain}`;
  return `; Path=${path}${toDomain}${secure ? "; Secure" : ""}; HttpOnly; SameSite=${SAME_SITE[sameSite]}${partitioned ? "; Partitioned" : ""}`;
}

/**
 * Makes one Set-Cookie value (RFC 6265bis §4.1).
 *
 * @param attributes the result of {@link serializeAttributes}
 * @param maxAge seconds to keep the cookie; null: until the browser closes; 0 deletes the cookie
 * @throws SessionError `ERR_SESSION_OPTION` if the value could inject an attribute
 */
export function serializeCookie(
  name: string,
  value: string,
  attributes: string,
  maxAge: number | null,
): string {
  if (!VALUE.test(value))
    throw optionError(
      `The value of the cookie "${name}" has a character that cookies cannot contain.`,
    );
  return cookieLine(name, value, attributes, maxAge);
}

/**
 * Makes one Set-Cookie value like {@link serializeCookie}, but does not check the cookie's value.
 *
 * @param value base64url, whose characters no cookie has to escape
 */
export function cookieLine(
  name: string,
  value: string,
  attributes: string,
  maxAge: number | null,
): string {
  if (maxAge === null) return `${name}=${value}${attributes}`;
  // Max-Age=0 alone deletes the cookie. Expires does the same for clients that know only Expires.
  const expires = maxAge === 0 ? "; Expires=Thu, 01 Jan 1970 00:00:00 GMT" : "";
  return `${name}=${value}; Max-Age=${Math.min(maxAge, MAX_AGE_LIMIT)}${expires}${attributes}`;
}
