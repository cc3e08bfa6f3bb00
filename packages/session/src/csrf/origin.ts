import { parseAuthority } from "../site/authority.ts";
import { checkOption, listOf, textThat } from "../validate.ts";

/**
 * Whether a text is an origin (RFC 6454, HTML Standard): `scheme://host[:port]` that equals its own
 * serialization. `null`, userinfo, a path, upper case, a default port and another spelling of an
 * address are not. What two programs could read differently is so never compared. Never throws.
 */
export function isOrigin(text: string): boolean {
  const [, scheme = "", authority = ""] = /^([a-z][a-z\d+.-]{0,250}):\/\/(.+)$/s.exec(text) ?? [];
  const host = parseAuthority(authority, scheme)?.host;
  if (host !== authority) return false;
  // Browser extensions and app shells have a plain name: chrome-extension://id, capacitor://localhost.
  return /^(?:https?|wss?)$/.test(scheme) || !/^\[|\.$|:0$/.test(authority);
}

/**
 * The origin of the page that a WebSocket URL's origin belongs to: `wss` becomes `https`, `ws`
 * becomes `http`. Browsers send the page's origin; some other clients derive it from their URL.
 */
export function pageOrigin(origin: string): string {
  return origin.replace(/^ws(?=s?:\/\/)/, "http");
}

const ORIGINS = listOf(
  textThat(
    // A page's origin never has the scheme of a WebSocket. App shells with pages in files send the
    // other.
    (entry) => entry === "file://" || (isOrigin(entry) && !/^wss?:|\.$/.test(entry)),
    "origins as browsers send them: scheme://host[:port], lower case, no path or default port",
  ),
);

/**
 * Compiles `trustedOrigins`: other origins whose pages may send requests that change something.
 *
 * @throws SessionError ERR_SESSION_OPTION for an entry that no browser would ever send; names its
 * index
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
