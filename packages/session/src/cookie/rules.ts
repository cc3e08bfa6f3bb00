import { optionError } from "../errors.ts";
import type { CookieAttributes } from "./serialize.ts";

const matches = (form: RegExp) => (value: unknown) => typeof value === "string" && form.test(value);

/**
 * True if a value can be a cookie's name: a token (RFC 6265 §4.1.1, RFC 9110 §5.6.2) of limited
 * length.
 */
export const isCookieName = matches(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/);

/**
 * True if a value can be a cookie's path: no character that ends the attribute, and at most the
 * 1024 characters that browsers accept (RFC 6265bis §5.6).
 */
export const isCookiePath = matches(/^\/[\x20-\x3a\x3c-\x7e]{0,1023}$/);

/** True if a value is a host name. A leading dot is allowed, because older cookies used it. */
export const isCookieDomain = matches(/^(?:(?:^|\.)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i);

/**
 * Throws for a cookie that browsers would silently drop (RFC 6265bis §4.1.3, §5.7).
 *
 * @param secure true if every Set-Cookie has `Secure`: the option `httpsOnly` is true
 * @throws SessionError `ERR_SESSION_OPTION` that says which option to change
 */
export function checkCookie(name: string, attributes: CookieAttributes, secure: boolean): void {
  const { path, domain, sameSite, partitioned } = attributes;
  // Browsers ignore the case of prefixes. `__Host-Http-` has the same rules as `__Host-`.
  const [prefix] = /^__(?:host|http|secure)-/i.exec(name) ?? [];
  const named = `A cookie named ${prefix}...`;
  const reason = [
    prefix && named,
    sameSite === "none" && 'sameSite: "none"',
    partitioned && "partitioned",
  ].find(Boolean);
  if (!secure && reason) {
    throw optionError(`${reason} needs httpsOnly: true, or browsers drop it.`);
  }
  if (/^__host-/i.test(name) && (domain !== undefined || path !== "/")) {
    throw optionError(`${named} must have path: "/" and no domain.`);
  }
}
