import type { RequestFacts } from "../session/request.ts";
import { parseAuthority, readAllowedHosts } from "./authority.ts";
import type { CrossSiteOptions } from "./options.ts";
import { readTrustProxy } from "./proxy.ts";
import { REFUSALS, type CrossSiteRule, type Refusal } from "./refusal.ts";

/** The site that a request was sent to. */
export interface OwnSite {
  readonly secure: boolean;
  /** `undefined` where the request has no Host, or is refused. */
  readonly origin: string | undefined;
  /** Why the request cannot be served at all. */
  readonly refusal: Refusal | undefined;
}

/**
 * Compiles `trustProxy` and `allowedHosts` into a function that gives a request's own site.
 *
 * @throws SessionError ERR_SESSION_OPTION
 */
export function createSiteFinder(
  options: Pick<CrossSiteOptions, "trustProxy" | "allowedHosts">,
): (facts: RequestFacts) => OwnSite {
  const read = readTrustProxy(options.trustProxy);
  const isAllowed = readAllowedHosts(options.allowedHosts);
  const judge = (secure: boolean, host: string | undefined): OwnSite => {
    if (host === undefined) return siteOf(secure, isAllowed && "host-missing");
    const url = parseAuthority(host, secure ? "https" : "http");
    if (url === undefined) return siteOf(secure, "host-invalid");
    return isAllowed === undefined || isAllowed(url.hostname)
      ? siteOf(secure, undefined, url.origin)
      : siteOf(secure, "host-not-allowed");
  };
  // Nearly every request names the same host as the one before it, and parsing costs more than
  // all the other rules together. One entry cannot be filled up by a client's inventions.
  let last: OwnSite | undefined;
  let lastHost: string | undefined;
  return (facts) => {
    const asked = read(facts);
    if (typeof asked === "string") return siteOf(facts.encrypted, asked);
    const { secure, host } = asked;
    if (last === undefined || host !== lastHost || secure !== last.secure) {
      last = judge(secure, host);
      lastHost = host;
    }
    return last;
  };
}

function siteOf(secure: boolean, rule: CrossSiteRule | undefined, origin?: string): OwnSite {
  return { secure, origin, refusal: rule && REFUSALS[rule] };
}
