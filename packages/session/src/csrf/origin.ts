import { parseAuthority } from "../site/authority.ts";
import { checkOption, listOf, textThat } from "../validate.ts";

/**
 * True if a text is an origin (RFC 6454, HTML Standard): a `scheme://host[:port]` that equals its
 * own serialization. `null`, userinfo, a path, upper case, a default port and other spellings of an
 * address are rejected, so that all programs read an accepted origin alike. Never throws.
 */
export function isOrigin(text: string): boolean {
  const match = /^([a-z][a-z\d+.-]{0,250}):\/\/(.+)/s.exec(text);
  if (match === null) return false;
  const [scheme, authority] = [match[1]!, match[2]!];
  if (parseAuthority(authority, scheme)?.host !== authority) return false;
  // Browser extensions and app shells use plain names: chrome-extension://id,
  // capacitor://localhost.
  return /^(?:https?|wss?)$/.test(scheme) || !/\[|\.$|:0/.test(authority);
}

/**
 * Returns the page origin for the origin of a WebSocket URL: `wss` becomes `https`, `ws` becomes
 * `http`. Browsers send the page's origin; some other clients send the origin of the socket's URL.
 */
export function pageOrigin(origin: string): string {
  return origin.replace(/^ws(?=s?:\/\/)/, "http");
}

const ORIGINS = listOf(
  textThat(
    // A page's origin never has a WebSocket's scheme. App shells that load pages from files send
    // `file://`.
    (entry) => entry === "file://" || (isOrigin(entry) && !/^wss?:|\.$/.test(entry)),
    "origins as browsers send them: scheme://host[:port], lower case, no path or default port",
  ),
);

/**
 * Compiles `trustedOrigins`: other origins whose pages may send requests with side effects.
 *
 * @throws SessionError ERR_SESSION_OPTION for an entry that no browser would ever send; the message
 *   names its index
 *
 * @example
 * ```ts
 * readTrustedOrigins(["https://admin.example.com", "http://localhost:5173"]);
 * ```
 */
export function readTrustedOrigins(option: unknown = []): ReadonlySet<string> {
  checkOption("trustedOrigins", option, ORIGINS);
  return new Set(option as string[]);
}
