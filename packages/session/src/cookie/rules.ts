import { optionError } from "../errors.ts";
import type { CookieAttributes } from "./serialize.ts";

const matches = (form: RegExp) => (value: unknown) => typeof value === "string" && form.test(value);

/** Whether a value is a name for a cookie: a token (RFC 6265 §4.1.1, RFC 9110 §5.6.2), not long. */
export const isCookieName = matches(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/);

/**
 * Whether a value is a path for a cookie: without a character that could end the attribute, and
 * within the 1024 that browsers do not ignore (RFC 6265bis §5.6).
 */
export const isCookiePath = matches(/^\/[\x20-\x3a\x3c-\x7e]{0,1023}$/);

/** Whether a value is a host name, or one with a dot before it, as cookies used to have. */
export const isCookieDomain = matches(/^(?:(?:^|\.)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i);

/**
 * Refuses a cookie that browsers would silently drop (RFC 6265bis §4.1.3, §5.7), so that a session
 * is never lost without a word.
 *
 * @param secure whether `Secure` is sure to be set; with `"auto"` it is not
 * @throws SessionError `ERR_SESSION_OPTION` saying which option to change
 */
export function checkCookie(name: string, attributes: CookieAttributes, secure: boolean): void {
  const { path, domain, sameSite, partitioned } = attributes;
  // Browsers compare prefixes without regard to case. `__Host-Http-` is bound as `__Host-` is.
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
    throw optionError(`${named} takes no domain, and path: "/" alone.`);
  }
}
