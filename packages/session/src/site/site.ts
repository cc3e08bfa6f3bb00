import type { RequestFacts } from "../session/request.ts";
import { parseAuthority, readAllowedHosts, type HostTest } from "./authority.ts";
import { readTrustProxy, type ProxyFault, type TrustProxy } from "./proxy.ts";

/** The options that decide which site a request was sent to. */
export interface SiteOptions {
  /** Which proxies are trusted to forward the client's host, scheme and address. Default false. */
  readonly trustProxy?: TrustProxy | undefined;
  /** The hosts to serve; a request for another host gets 400. Default: all. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** The names of all options in {@link SiteOptions}. */
export const SITE_OPTION_NAMES = [
  "trustProxy",
  "allowedHosts",
] as const satisfies readonly (keyof SiteOptions)[];

/** The reason why a request cannot be served: its Host or a proxy's headers are wrong. */
export type SiteFault = ProxyFault | "host-invalid" | "host-missing" | "host-not-allowed";

/** The site that a request was sent to. */
export interface OwnSite {
  readonly secure: boolean;
  /**
   * The site's origin, such as `https://example.com`; `undefined` if the request has no Host header
   * or cannot be served.
   */
  readonly origin: string | undefined;
  /** Why the request cannot be served; `undefined` if it can be served. */
  readonly fault: SiteFault | undefined;
}

/** Finds the site that a request was sent to, and the client's address. */
export interface SiteFinder {
  (facts: RequestFacts): OwnSite;
  /** Returns the client's address, according to the trusted proxies. */
  clientAddress(facts: RequestFacts): string | undefined;
}

/**
 * Compiles `trustProxy` and `allowedHosts` into a function that finds a request's site.
 *
 * @throws SessionError ERR_SESSION_OPTION if one of the two options is invalid
 */
export function createSiteFinder(options: SiteOptions): SiteFinder {
  const read = readTrustProxy(options.trustProxy);
  const isAllowed = readAllowedHosts(options.allowedHosts);
  // Nearly every request names the same host as the one before it, and parsing costs more than all
  // other rules together. A cache of one entry cannot be filled with made-up hosts.
  let last: OwnSite | undefined;
  let lastHost: string | undefined;
  const find = (facts: RequestFacts): OwnSite => {
    const asked = read(facts);
    if (typeof asked === "string")
      return { secure: facts.encrypted, origin: undefined, fault: asked };
    const { secure, host } = asked;
    if (last === undefined || host !== lastHost || secure !== last.secure) {
      last = judge(isAllowed, secure, host);
      lastHost = host;
    }
    return last;
  };
  const clientAddress = (facts: RequestFacts) => {
    const asked = read(facts);
    return typeof asked === "string" ? facts.remoteAddress : asked.address;
  };
  return Object.assign(find, { clientAddress });
}

function judge(
  isAllowed: HostTest | undefined,
  secure: boolean,
  host: string | undefined,
): OwnSite {
  if (host === undefined) return { secure, origin: undefined, fault: isAllowed && "host-missing" };
  const url = parseAuthority(host, secure ? "https" : "http");
  if (url === undefined) return { secure, origin: undefined, fault: "host-invalid" };
  return isAllowed === undefined || isAllowed(url.hostname)
    ? { secure, origin: url.origin, fault: undefined }
    : { secure, origin: undefined, fault: "host-not-allowed" };
}
