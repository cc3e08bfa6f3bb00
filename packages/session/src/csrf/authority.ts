import { SessionError } from "../errors.ts";

/** A host with an optional port, in its normal spelling. */
export interface Authority {
  /** Lower case; an IPv6 address stands in brackets. */
  readonly host: string;
  /** Empty where it is the scheme's default. */
  readonly port: string;
}

// Stricter than RFC 3986 §3.2.2: no percent-encoding and no sub-delimiters, which no client sends
// in a Host but which programs behind this one may read differently. Each label is non-empty.
const SHAPE =
  /^([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{0,5}))?$/;
// 253 characters of name, a final dot, a colon and five digits.
const LONGEST = 260;

/**
 * Reads a Host header (RFC 9110 §7.2): `host[:port]`, and nothing else.
 *
 * @param secure whether the scheme is https, whose default port is then dropped
 * @returns `undefined` where the text is not a valid authority. Never throws.
 */
export function parseAuthority(text: string, secure: boolean): Authority | undefined {
  if (text.length > LONGEST) return undefined;
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const name = match[1]!.toLowerCase();
  let url: URL;
  try {
    url = new URL(secure ? `https://${text}` : `http://${text}`);
  } catch {
    return undefined; // a port over 65535, or an address that does not exist
  }
  // "127.1" and "0x7f.0.0.1" are 127.0.0.1 to a URL parser and a name to everyone else: refuse
  // what has two readings. IPv6 has many spellings but one meaning.
  if (url.hostname !== name && !name.startsWith("[")) return undefined;
  return { host: url.hostname, port: url.port };
}

/** Tells whether a host is one that this application serves. */
export type HostRule = (host: string) => boolean;

/**
 * Compiles `allowedHosts`. `example.com` is that host, `.example.com` the host and all its
 * subdomains, `*.example.com` the subdomains alone, and `*` everything; each on any port. A final
 * dot of the request's host is ignored.
 *
 * @returns `undefined` where every host is allowed
 * @throws SessionError ERR_SESSION_OPTION for an entry that could never match; names its index
 *
 * @example
 * ```ts
 * const allowed = readAllowedHosts(["example.com", "*.shops.example.com"]);
 * allowed?.("mine.shops.example.com"); // true
 * ```
 */
export function readAllowedHosts(option: unknown): HostRule | undefined {
  if (option === undefined) return undefined;
  if (!Array.isArray(option)) {
    throw new SessionError("ERR_SESSION_OPTION", "allowedHosts must be a list of host names.");
  }
  if (option.includes("*")) return undefined;
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const [index, entry] of (option as unknown[]).entries()) {
    const { wildcard, host } = readPattern(entry, index);
    if (wildcard !== "") suffixes.push(`.${host}`);
    if (wildcard !== "*.") exact.add(host);
  }
  return (host) => {
    const name = host.endsWith(".") ? host.slice(0, -1) : host;
    return exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix));
  };
}

function readPattern(entry: unknown, index: number): { wildcard: string; host: string } {
  const fault = (what: string) =>
    new SessionError("ERR_SESSION_OPTION", `allowedHosts[${index}] ${what}.`);
  if (typeof entry !== "string") throw fault("must be a string");
  const wildcard = /^(?:\*\.|\.)?/.exec(entry)![0];
  const rest = entry.slice(wildcard.length);
  if (rest.includes("://")) throw fault("must be a host without a scheme");
  if (rest.includes("*")) throw fault('may have "*" only as its first label, as in *.example.com');
  const authority = parseAuthority(rest, false);
  if (authority === undefined) throw fault("is not a valid host name or address");
  if (/:\d*$/.test(rest)) throw fault("has a port; leave it out, every port is allowed");
  if (rest.endsWith(".")) throw fault("ends with a dot; leave it out");
  return { wildcard, host: authority.host };
}
