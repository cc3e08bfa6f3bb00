import type { RequestFacts } from "../session/request.ts";
import { type HostRule, parseAuthority, readAllowedHosts } from "./authority.ts";
import type { CrossSiteOptions } from "./options.ts";
import { serializeOrigin } from "./origin.ts";
import { readTrustProxy } from "./proxy.ts";
import { REFUSALS, type Refusal } from "./refusal.ts";

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
  // Nearly every request names the same host as the one before it, and parsing costs more than
  // all the other rules together. One entry cannot be filled up by a client's inventions.
  let last: OwnSite | undefined;
  let lastHost: string | undefined;
  return (facts) => {
    const asked = read(facts);
    if (typeof asked === "string") {
      return { secure: facts.encrypted, origin: undefined, refusal: REFUSALS[asked] };
    }
    if (last === undefined || asked.host !== lastHost || asked.secure !== last.secure) {
      last = judge(asked.secure, asked.host, isAllowed);
      lastHost = asked.host;
    }
    return last;
  };
}

function judge(secure: boolean, host: string | undefined, isAllowed?: HostRule): OwnSite {
  const refused = (refusal: Refusal | undefined) => ({ secure, origin: undefined, refusal });
  if (host === undefined) {
    return refused(isAllowed === undefined ? undefined : REFUSALS["host-missing"]);
  }
  const authority = parseAuthority(host, secure);
  if (authority === undefined) return refused(REFUSALS["host-invalid"]);
  if (isAllowed !== undefined && !isAllowed(authority.host)) {
    return refused(REFUSALS["host-not-allowed"]);
  }
  const scheme = secure ? "https" : "http";
  return { secure, origin: serializeOrigin({ scheme, ...authority }), refusal: undefined };
}
