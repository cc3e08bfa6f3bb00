import { SessionError } from "../errors.ts";
import type { RequestFacts } from "../session/request.ts";
import { type AddressList, nodeAddress, readAddressList } from "./address.ts";
import { type ForwardedElement, parseForwarded } from "./forwarded.ts";

/**
 * Which proxies stand in front and may say what the client asked for.
 * `false`: none. A number: how many, one after another; `true` is 1. A list: the proxies'
 * addresses or networks, in any number.
 */
export type TrustProxy = boolean | number | readonly string[];

/** What the client asked for, as far as the connection and the trusted proxies tell. */
export interface RequestedSite {
  readonly secure: boolean;
  /** The host as text, not yet checked; `undefined` where there is none. */
  readonly host: string | undefined;
}

/** Why the headers of a trusted proxy could not be used. */
export type ProxyFault = "forwarded-malformed" | "forwarded-conflict";

/** Finds out what site a request was sent to. */
export type SiteReader = (facts: RequestFacts) => RequestedSite | ProxyFault;

/** How many of the nearest hops are trusted, given the addresses that the hops saw. */
type HopCounter = (chain: readonly (string | undefined)[]) => number;

/**
 * Compiles `trustProxy`. Every proxy adds to the right of a list, so what a client made up stands
 * on the left: only the entries that trusted proxies wrote are read, and of these the left-most,
 * which saw what the client asked for.
 *
 * @throws SessionError ERR_SESSION_OPTION where the option is not one of its forms
 */
export function readTrustProxy(option: unknown): SiteReader {
  if (option === undefined || option === false || option === 0) return fromConnection;
  const trust = option === true ? 1 : option;
  if (typeof trust === "number") {
    if (!Number.isSafeInteger(trust) || trust < 0) throw optionError();
    return (facts) => fromProxies(facts, () => trust);
  }
  if (!Array.isArray(trust)) throw optionError();
  const list = readAddressList(trust, "trustProxy");
  const count: HopCounter = (chain) => countTrusted(list, chain);
  // A proxy's connections come from the same few addresses, and a look-up costs a microsecond.
  let lastPeer: string | undefined;
  let lastAnswer = false;
  return (facts) => {
    const peer = facts.remoteAddress;
    if (peer !== lastPeer) {
      lastAnswer = peer !== undefined && list.has(peer);
      lastPeer = peer;
    }
    return lastAnswer ? fromProxies(facts, count) : fromConnection(facts);
  };
}

function optionError(): SessionError<"ERR_SESSION_OPTION"> {
  return new SessionError(
    "ERR_SESSION_OPTION",
    "trustProxy must be false, the number of proxies in front, or a list of their addresses.",
  );
}

function fromConnection(facts: RequestFacts): RequestedSite {
  return { secure: facts.encrypted, host: facts.header("host") };
}

function fromProxies(facts: RequestFacts, count: HopCounter): RequestedSite | ProxyFault {
  const standard = facts.header("forwarded");
  const protocols = facts.header("x-forwarded-proto");
  const hosts = facts.header("x-forwarded-host");
  const customary = protocols !== undefined || hosts !== undefined;
  if (standard === undefined && !customary) return fromConnection(facts);

  const one = standard === undefined ? undefined : fromForwarded(facts, standard, count);
  if (typeof one === "string" || !customary) return one!;
  const other = fromCustomary(facts, protocols ?? "", hosts ?? "", count);
  if (one === undefined || typeof other === "string") return other;
  // A proxy sets one family of headers and may pass on the other as the client sent it. Which one
  // is not known here, so a contradiction is refused rather than guessed.
  const agree =
    one.secure === other.secure && one.host?.toLowerCase() === other.host?.toLowerCase();
  return agree ? one : "forwarded-conflict";
}

function fromForwarded(
  facts: RequestFacts,
  header: string,
  count: HopCounter,
): RequestedSite | ProxyFault {
  const elements = parseForwarded(header);
  if (elements === undefined) return "forwarded-malformed";
  const trusted =
    elements.length < 2
      ? elements
      : elements.slice(-count(elements.map((element) => element.get("for"))));
  return complete(facts, leftmost(trusted, "proto"), leftmost(trusted, "host"));
}

function fromCustomary(
  facts: RequestFacts,
  protocols: string,
  hosts: string,
  count: HopCounter,
): RequestedSite | ProxyFault {
  // With one entry each, as most proxies send it, nobody needs to know how many hops there were.
  const several = protocols.includes(",") || hosts.includes(",");
  const hops = several ? count(entries(facts.header("x-forwarded-for") ?? "")) : 1;
  return complete(facts, trustedEntry(protocols, hops), trustedEntry(hosts, hops));
}

/** What the proxies did not say, the connection says. */
function complete(
  facts: RequestFacts,
  protocol: string | undefined,
  host: string | undefined,
): RequestedSite | ProxyFault {
  const secure = protocol === undefined ? facts.encrypted : SECURE.get(protocol.toLowerCase());
  if (secure === undefined) return "forwarded-malformed";
  return { secure, host: host ?? facts.header("host") };
}

/** Some proxies name a WebSocket's scheme in X-Forwarded-Proto. */
const SECURE: ReadonlyMap<string, boolean> = new Map([
  ["https", true],
  ["wss", true],
  ["http", false],
  ["ws", false],
]);

/** The connection's own peer is trusted already; every address it vouches for adds one hop. */
function countTrusted(list: AddressList, chain: readonly (string | undefined)[]): number {
  let hops = 1;
  for (let at = chain.length - 1; at >= 0; at--) {
    const address = nodeAddress(chain[at] ?? "");
    if (address === undefined || !list.has(address)) break;
    hops++;
  }
  return hops;
}

function leftmost(elements: readonly ForwardedElement[], name: string): string | undefined {
  return elements.find((element) => element.has(name))?.get(name);
}

function entries(header: string): readonly string[] {
  return header
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function trustedEntry(header: string, hops: number): string | undefined {
  if (!header.includes(",")) return header.trim() || undefined;
  const list = entries(header);
  return list[Math.max(0, list.length - hops)];
}
