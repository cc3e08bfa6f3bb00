import type { RequestFacts } from "@galleta/session/adapter";
import { type AddressRule, parseAuthority, readAddressList } from "@galleta/session/internals";

let loopback: AddressRule | undefined;
const isLoopback: AddressRule = (address) =>
  (loopback ??= readAddressList(["127.0.0.0/8", "::1"]))(address);

/**
 * Headers that a proxy adds. A request with one of these headers did not come directly from its
 * client.
 */
const PROXY_HEADERS = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-real-ip",
  "x-client-ip",
  "cf-connecting-ip",
  "true-client-ip",
] as const;

/**
 * True if a request comes from this machine: over a loopback connection, for a loopback host, and
 * without a proxy's headers.
 *
 * The host is checked because of DNS rebinding: another site's name may resolve to 127.0.0.1, and
 * its page could then read the answer. `localhost` and names that end in it never leave the machine
 * (RFC 6761 §6.3).
 *
 * @example
 * ```ts
 * if (!isLocalRequest(facts)) throw new HTTPError(404);
 * ```
 */
export function isLocalRequest(facts: RequestFacts): boolean {
  const { remoteAddress } = facts;
  if (remoteAddress === undefined || !isLoopback(remoteAddress)) return false;
  if (PROXY_HEADERS.some((name) => facts.header(name) !== undefined)) return false;
  const url = parseAuthority(facts.header("host") ?? "", facts.encrypted ? "https" : "http");
  return url !== undefined && isLoopbackHost(url.hostname);
}

function isLoopbackHost(host: string): boolean {
  if (/^(?:.+\.)?localhost\.?$/.test(host)) return true;
  return isLoopback(host.startsWith("[") ? host.slice(1, -1) : host);
}
