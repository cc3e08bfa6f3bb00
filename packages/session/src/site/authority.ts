import { checkOption, listOf, textThat } from "../validate.ts";

// Stricter than RFC 3986 §3.2.2: no percent-encoding and no sub-delimiters. Clients do not send
// them in a Host, and programs that get the value from us may read them differently. Labels are not
// empty. The limit allows 253 characters of name, a final dot, a colon and five digits.
const SHAPE = /^(?!.{261})([\w-]+(?:\.[\w-]+)*\.?|\[[\dA-Fa-f:.]{2,45}\])(?::\d{0,5})?$/;

/**
 * Reads a Host header (RFC 9110 §7.2): exactly `host[:port]`.
 *
 * @param scheme such as `https`; its default port is dropped
 * @returns the URL of this site. Its `hostname`, `host` and `origin` are normalized: lower case, an
 *   IPv6 address in brackets. `undefined` if the text is not a valid authority. Never throws.
 */
export function parseAuthority(text: string, scheme: string): URL | undefined {
  const match = SHAPE.exec(text);
  // A label needs text after `xn--` (RFC 5891 §4.2.1). Node 24 accepts `xn--` alone, Node 20 does
  // not.
  if (match === null || /(?:^|\.)xn--(?:\.|:|$)/i.test(text)) return undefined;
  const name = match[1]!;
  let url: URL;
  try {
    url = new URL(`${scheme}://${text}`);
  } catch {
    return undefined; // The port is over 65535, or the address does not exist.
  }
  // A URL parser reads "127.1" and "0x7f.0.0.1" as 127.0.0.1, other programs read names. A host
  // with two readings is rejected. IPv6 has many spellings but one meaning.
  return name.startsWith("[") || url.hostname === name.toLowerCase() ? url : undefined;
}

/** A function that tests if this app serves a host. */
export type HostTest = (host: string) => boolean;

/**
 * Compiles the option `allowedHosts` into a test. `example.com` is that host, `.example.com` the
 * host and all its subdomains, `*.example.com` only the subdomains, and `*` every host. All match
 * any port. A final dot in the request's host is ignored.
 *
 * @returns `undefined` if every host is allowed
 * @throws SessionError ERR_SESSION_OPTION for an entry that could never match; the message names
 *   its index
 * @example
 * ```ts
 * const allowed = readAllowedHosts(["example.com", "*.shops.example.com"]);
 * allowed?.("mine.shops.example.com"); // true
 * ```
 */
export function readAllowedHosts(option: unknown = ["*"]): HostTest | undefined {
  if (Array.isArray(option) && option.includes("*")) return undefined;
  const exact = new Set<string>();
  const suffixes: string[] = [];
  const add = (entry: string): boolean => {
    const rest = entry.replace(/^\*?\./, "");
    const host = parseAuthority(rest, "http")?.hostname;
    if (host === undefined || /\.$|:\d*$/.test(rest)) return false;
    if (rest !== entry) suffixes.push(`.${host}`);
    if (!entry.startsWith("*")) exact.add(host);
    return true;
  };
  const right = "hosts without port, like example.com, .example.com or *.example.com";
  checkOption("allowedHosts", option, listOf(textThat(add, right)));
  return (host) => {
    const name = host.replace(/\.$/, "");
    return exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix));
  };
}
