import { SessionError } from "../errors.ts";
import { type Authority, parseAuthority } from "./authority.ts";

/** The parts of an origin (RFC 6454, HTML Standard). */
export interface Origin extends Authority {
  /** As in `https`, without the colon. */
  readonly scheme: string;
}

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\\@\s]+)$/;
const WEB_SCHEME = /^(?:https?|wss?)$/;
// Browser extensions and app shells: chrome-extension://id, capacitor://localhost.
const APP_AUTHORITY = /^([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([1-9][0-9]{0,4}))?$/;
const LONGEST = 512;

/**
 * Reads an origin strictly: `scheme://host[:port]` that equals its own serialization. `null`,
 * userinfo, a path, upper case, a default port and another spelling of an address are all refused.
 * What two programs could read differently is so never compared.
 *
 * @returns `undefined` where the text is not such an origin. Never throws.
 */
export function parseOrigin(text: string): Origin | undefined {
  if (text.length > LONGEST) return undefined;
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const scheme = match[1]!;
  const rest = match[2]!;
  const authority = WEB_SCHEME.test(scheme)
    ? parseAuthority(rest, scheme === "https" || scheme === "wss")
    : parseAppAuthority(rest);
  if (authority === undefined) return undefined;
  const origin = { scheme, host: authority.host, port: authority.port };
  return serializeOrigin(origin) === text ? origin : undefined;
}

/** Writes an origin as `scheme://host`, with `:port` where it is not the scheme's default. */
export function serializeOrigin({ scheme, host, port }: Origin): string {
  return port === "" ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}

/**
 * The origin of the page that a WebSocket URL's origin belongs to: `wss` becomes `https`, `ws`
 * becomes `http`. Browsers send the page's origin; some other clients derive it from their URL.
 */
export function pageOrigin(origin: string): string {
  return /^wss?:\/\//.test(origin) ? `http${origin.slice(2)}` : origin;
}

function parseAppAuthority(text: string): Authority | undefined {
  const match = APP_AUTHORITY.exec(text);
  if (match === null || Number(match[2] ?? 0) > 0xffff) return undefined;
  return { host: match[1]!, port: match[2] ?? "" };
}

/**
 * Compiles `trustedOrigins`: other origins whose pages may send requests that change something.
 *
 * @throws SessionError ERR_SESSION_OPTION for an entry that no browser would ever send; the
 * message names its index and what is wrong with it
 *
 * @example
 * ```ts
 * readTrustedOrigins(["https://admin.example.com", "http://localhost:5173"]);
 * ```
 */
export function readTrustedOrigins(option: unknown): ReadonlySet<string> {
  if (option === undefined) return new Set();
  if (!Array.isArray(option)) {
    throw new SessionError("ERR_SESSION_OPTION", "trustedOrigins must be a list of origins.");
  }
  for (const [index, entry] of (option as unknown[]).entries()) {
    const fault = faultOf(entry);
    if (fault !== undefined) {
      throw new SessionError(
        "ERR_SESSION_OPTION",
        `trustedOrigins[${index}] ${fault}. Write scheme://host[:port], as in https://example.com.`,
      );
    }
  }
  return new Set(option as string[]);
}

function faultOf(entry: unknown): string | undefined {
  if (typeof entry !== "string") return "is not a string";
  if (/^wss?:/.test(entry)) return "is a WebSocket URL; a page's origin has http or https";
  if (entry.endsWith(".")) return "ends with a dot";
  if (parseOrigin(entry) !== undefined) return undefined;
  if (entry === "") return "is empty";
  if (entry === "null") return 'is "null", which every sandboxed page has';
  if (entry.includes("*")) return "has a wildcard; list each origin";
  const separator = entry.indexOf("://");
  if (separator < 1) return "has no scheme";
  const rest = entry.slice(separator + 3);
  if (rest === "") return "has no host";
  if (rest.includes("@")) return "has a user name or password";
  if (/[/\\?#]/.test(rest)) return "has a path, query or fragment, or ends with a slash";
  if (/\s/.test(entry)) return "has a space";
  if (/[A-Z]/.test(entry)) return "has upper-case letters";
  if (/[^!-~]/.test(entry)) return "has letters beyond ASCII; write the host as Punycode (xn--)";
  if (/:(?:80|443)$/.test(rest)) return "names its scheme's default port, which no browser sends";
  return "has a host or port that is not valid, or not in its normal spelling";
}
