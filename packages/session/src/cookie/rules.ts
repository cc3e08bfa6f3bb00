import { SessionError } from "../errors.ts";
import type { CookieAttributes } from "./serialize.ts";

// RFC 6265 §4.1.1: a cookie's name is a token (RFC 9110 §5.6.2).
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
const DOMAIN =
  /^\.?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Characters of the longest attribute value that browsers do not ignore (RFC 6265bis §5.6). */
const ATTRIBUTE_LIMIT = 1024;

const reject = (message: string): never => {
  throw new SessionError("ERR_SESSION_OPTION", message);
};

/**
 * Refuses a cookie that browsers would silently drop (RFC 6265bis §4.1.3, §5.7), so that a session
 * is never lost without a word.
 *
 * @param secure whether `Secure` is sure to be set; `"auto"` is not
 * @throws SessionError `ERR_SESSION_OPTION` saying which option to change
 */
export function checkCookie(name: string, attributes: CookieAttributes): void {
  if (!NAME.test(name) || name.length > 256) {
    reject("sessionCookie must be a cookie name: letters, digits and !#$%&'*+-.^_`|~ only.");
  }
  if (!PATH.test(attributes.path) || attributes.path.length > ATTRIBUTE_LIMIT) {
    reject('path must start with "/", hold no semicolon or control character, and be short.');
  }
  if (attributes.domain !== undefined && !DOMAIN.test(attributes.domain)) {
    reject("domain must be a host name, such as example.com.");
  }
  if (attributes.sameSite === "none" && !attributes.secure) {
    reject('sameSite: "none" needs httpsOnly: true; browsers drop the cookie otherwise.');
  }
  if (attributes.partitioned && !attributes.secure) {
    reject("partitioned needs httpsOnly: true; browsers drop the cookie otherwise.");
  }
  checkPrefix(name, attributes);
}

function checkPrefix(name: string, attributes: CookieAttributes): void {
  // Browsers compare prefixes without regard to case.
  const [, prefix] = /^(__(?:host-http|http|host|secure)-)/i.exec(name) ?? [];
  if (prefix === undefined) return;
  if (!attributes.secure) reject(`A cookie named ${prefix}... needs httpsOnly: true.`);
  if (/^__host/i.test(prefix)) {
    if (attributes.domain !== undefined) reject(`A cookie named ${prefix}... takes no domain.`);
    if (attributes.path !== "/") reject(`A cookie named ${prefix}... needs path: "/".`);
  }
}
