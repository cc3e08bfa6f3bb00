import type { RequestFacts } from "../session/request.ts";
import { parseAuthority, readAllowedHosts } from "./authority.ts";
import { readTrustProxy, type ProxyFault, type TrustProxy } from "./proxy.ts";

/** The options that tell which site a request was sent to. */
export interface SiteOptions {
  /** Which proxies may say what the client asked for. Default false. */
  readonly trustProxy?: TrustProxy | undefined;
  /** The hosts that are served; others get 400. Default: all. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** Every option of {@link SiteOptions}. */
export const SITE_OPTION_NAMES = [
  "trustProxy",
  "allowedHosts",
] as const satisfies readonly (keyof SiteOptions)[];

/** Why a request names no site that can serve it. */
export type SiteFault = ProxyFault | "host-invalid" | "host-missing" | "host-not-allowed";

/** The site that a request was sent to. */
export interface OwnSite {
  readonly secure: boolean;
  /** `undefined` if the request has no Host, or has a fault. */
  readonly origin: string | undefined;
  /** Why the request cannot be served at all. */
  readonly fault: SiteFault | undefined;
}

/** Finds the site that a request was sent to, and who sent it. */
export interface SiteFinder {
  (facts: RequestFacts): OwnSite;
  /** The address of the client, as far as the trusted proxies tell. */
  clientAddress(facts: RequestFacts): string | undefined;
}

/**
 * Compiles `trustProxy` and `allowedHosts` into a function that gives a request's own site.
 *
 * @throws SessionError ERR_SESSION_OPTION
 */
export function createSiteFinder(options: SiteOptions): SiteFinder {
  const read = readTrustProxy(options.trustProxy);
  const isAllowed = readAllowedHosts(options.allowedHosts);
  const judge = (secure: boolean, host: string | undefined): OwnSite => {
    if (host === undefined)
      return { secure, origin: undefined, fault: isAllowed && "host-missing" };
    const url = parseAuthority(host, secure ? "https" : "http");
    if (url === undefined) return { secure, origin: undefined, fault: "host-invalid" };
    return isAllowed === undefined || isAllowed(url.hostname)
      ? { secure, origin: url.origin, fault: undefined }
      : { secure, origin: undefined, fault: "host-not-allowed" };
  };
  // Nearly every request names the same host as the one before it, and parsing costs more than
  // all the other rules together. One entry cannot be filled up by a client's inventions.
  let last: OwnSite | undefined;
  let lastHost: string | undefined;
  const find = (facts: RequestFacts): OwnSite => {
    const asked = read(facts);
    if (typeof asked === "string")
      return { secure: facts.encrypted, origin: undefined, fault: asked };
    const { secure, host } = asked;
    if (last === undefined || host !== lastHost || secure !== last.secure) {
      last = judge(secure, host);
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
