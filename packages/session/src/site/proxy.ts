import type { RequestFacts } from "../session/request.ts";
import { nodeAddress, readAddressList } from "./address.ts";
import { parseForwarded } from "./forwarded.ts";

/**
 * Which proxies are trusted to say what host, scheme and address the client used. `false`: none. A
 * number: that many proxies in a row; `true` is 1. A list: all proxies with these addresses, or in
 * these networks.
 */
export type TrustProxy = boolean | number | readonly string[];

/** The site and client of a request, according to the connection and the trusted proxies. */
export interface RequestedSite {
  readonly secure: boolean;
  /** The host that the client asked for, not yet checked; `undefined` if the request has none. */
  readonly host: string | undefined;
  /** The IP address of the client, as the outermost trusted proxy saw it. */
  readonly address: string | undefined;
}

/** The reason why a trusted proxy's headers cannot be used. */
export type ProxyFault = "forwarded-malformed" | "forwarded-conflict";

/** A function that finds the host, scheme and client address of a request. */
export type SiteReader = (facts: RequestFacts) => RequestedSite | ProxyFault;

/**
 * A function that counts how many entries of a header trusted proxies wrote, given the address in
 * each entry.
 */
type HopCounter = (chain: readonly (string | undefined)[]) => number;

/**
 * Compiles the option `trustProxy` into a function that reads proxies' headers. Every proxy appends
 * its entry on the right, so forged entries are on the left. The function takes the left-most entry
 * that a trusted proxy wrote: that proxy saw the client's request.
 *
 * @throws SessionError ERR_SESSION_OPTION if the option is not a {@link TrustProxy}
 */
export function readTrustProxy(option: unknown = false): SiteReader {
  const hops = typeof option === "boolean" ? Number(option) : option;
  if (hops === 0) return complete;
  if (Number.isSafeInteger(hops) && (hops as number) > 0) {
    const count = () => hops as number;
    return (facts) => fromProxies(facts, count);
  }
  const isTrusted = readAddressList(option);
  // Runs only if the peer itself is trusted. Each trusted address adds one hop.
  const count: HopCounter = (chain) =>
    chain.length - chain.findLastIndex((node) => !isTrusted(nodeAddress(node ?? "")));
  // Proxies connect from few addresses, and a look-up costs a microsecond. So the last result is
  // kept.
  let lastPeer: string | undefined;
  let lastAnswer = false;
  return (facts) => {
    const peer = facts.remoteAddress;
    if (peer !== lastPeer) {
      lastAnswer = isTrusted(peer ?? "");
      lastPeer = peer;
    }
    return lastAnswer ? fromProxies(facts, count) : complete(facts);
  };
}

function fromProxies(facts: RequestFacts, count: HopCounter): RequestedSite | ProxyFault {
  const standard = facts.header("forwarded");
  const protocols = facts.header("x-forwarded-proto");
  const hosts = facts.header("x-forwarded-host");
  let site: RequestedSite | ProxyFault | undefined;
  if (standard !== undefined) {
    let elements = parseForwarded(standard);
    if (elements === undefined) return "forwarded-malformed";
    // Most proxies send one entry, and then the number of hops does not matter.
    if (elements.length > 1)
      elements = elements.slice(-count(elements.map((hop) => hop.get("for"))));
    const said = (name: string) => elements.find((hop) => hop.has(name))?.get(name);
    site = complete(facts, said("proto"), said("host"), said("for"));
  }
  const ports = facts.header("x-forwarded-port");
  const chain = entries(facts.header("x-forwarded-for"));
  if (typeof site === "string") return site;
  if (
    (protocols ?? hosts) === undefined &&
    (site !== undefined || (ports ?? chain[0]) === undefined)
  ) {
    return site ?? complete(facts);
  }
  const several = protocols?.includes(",") || hosts?.includes(",");
  const hops = several ? count(chain) : 1;
  const protocol = leftmost(protocols, hops);
  const host = leftmost(hosts, hops) ?? facts.header("host");
  const isSecure = protocol === undefined ? facts.encrypted : SECURE.get(protocol.toLowerCase());
  const asked = withPort(host, leftmost(ports, hops), isSecure === true);
  const other = complete(facts, protocol, asked, clientOf(chain, count));
  if (site === undefined || typeof other === "string") return other;
  // A proxy sets `Forwarded` or `X-Forwarded-*` and may pass on the other as the client sent it.
  // The code cannot know which one it set, so it rejects a contradiction.
  const agree =
    site.secure === other.secure && site.host?.toLowerCase() === other.host?.toLowerCase();
  return agree ? site : "forwarded-conflict";
}

/**
 * Combines what the proxies' headers said about a request with facts of the connection, which fill
 * the gaps.
 */
function complete(
  facts: RequestFacts,
  protocol?: string,
  host?: string,
  client?: string,
): RequestedSite | ProxyFault {
  const secure = protocol === undefined ? facts.encrypted : SECURE.get(protocol.toLowerCase());
  if (secure === undefined) return "forwarded-malformed";
  const address = client === undefined ? facts.remoteAddress : nodeAddress(client);
  return { secure, host: host ?? facts.header("host"), address };
}

/** Returns the client address in X-Forwarded-For that the outermost trusted proxy saw. */
function clientOf(chain: readonly string[], count: HopCounter): string | undefined {
  return chain[Math.max(0, chain.length - count(chain))];
}

/**
 * Adds X-Forwarded-Port to a Host without port, since some proxies remove the port. Port 80 on
 * https and port 443 on http are ignored: a second proxy adds them if it ends TLS.
 */
function withPort(
  host: string | undefined,
  port: string | undefined,
  isSecure: boolean,
): string | undefined {
  if (host === undefined || port === undefined || /:\d*$/.test(host)) return host;
  if (!/^\d{1,5}$/.test(port) || port === (isSecure ? "80" : "443")) return host;
  return `${host}:${port}`;
}

/**
 * Maps each scheme to whether it uses TLS. Some proxies send a WebSocket's scheme in
 * X-Forwarded-Proto.
 */
const SECURE: ReadonlyMap<string, boolean> = new Map(
  Object.entries({ https: true, wss: true, http: false, ws: false }),
);

/**
 * Splits a header with a comma-separated list into its entries, trimmed and without empty ones.
 * Takes linear time.
 */
function entries(header = ""): readonly string[] {
  return header.match(/[^\s,](?:[^,]*[^\s,])?/g) ?? [];
}

function leftmost(header = "", hops: number): string | undefined {
  if (!header.includes(",")) return header.trim() || undefined;
  const list = entries(header);
  return list[Math.max(0, list.length - hops)];
}
