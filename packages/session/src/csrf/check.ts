import type { RequestFacts } from "../session/request.ts";
import { type CompiledCsrf, type CrossSiteOptions, readCsrfOption } from "./csrf-options.ts";
import { isOrigin, pageOrigin, readTrustedOrigins } from "./origin.ts";
import { DENIALS, type Denial } from "./denial.ts";
import { createSiteFinder, type SiteFinder } from "../site/site.ts";

/**
 * The result of the cross-site check of an HTTP request. `undefined` accepts the request, and a
 * {@link Denial} denies it. `"needs-token"` asks for a valid CSRF token: the Origin is `null`, or
 * `csrf` is strict and the request has neither Origin nor Sec-Fetch-Site.
 */
export type HttpOutcome = Denial | "needs-token" | undefined;

/** The check for cross-site requests, made from its options. The methods never throw. */
export interface CrossSiteCheck {
  /** True if the option `csrf` is strict. */
  readonly strict: boolean;
  /** Checks that an HTTP request does not come from another site. */
  http(facts: RequestFacts): HttpOutcome;
  /**
   * Checks that a WebSocket handshake does not come from another site, before its session is
   * opened.
   */
  handshake(facts: RequestFacts): Denial | undefined;
  /** Checks only the Host and the proxies' headers, for endpoints that no session protects. */
  host(facts: RequestFacts): Denial | undefined;
  /**
   * Returns the origin that the request was sent to, such as `https://example.com`; `undefined` if
   * the Host is missing, invalid or not allowed.
   */
  ownOrigin(facts: RequestFacts): string | undefined;
  /** True if the client's own connection uses TLS, for `httpsOnly: "auto"`. */
  isSecure(facts: RequestFacts): boolean;
  /** Returns the client's address, according to the trusted proxies. */
  clientAddress(facts: RequestFacts): string | undefined;
}

/**
 * Makes the check against cross-site requests and WebSocket hijacking. The check reads the Fetch
 * Metadata and Origin headers (W3C Fetch Metadata, RFC 6454), never the Content-Type.
 *
 * The first rule that applies to an HTTP request decides: a wrong Host gets 400; GET, HEAD, OPTIONS
 * and exempt paths pass; a repeated Origin or Sec-Fetch-Site gets 403; a trusted Origin passes; a
 * Sec-Fetch-Site of `same-origin` or `none` passes, any other gets 403; the Origin of this site
 * passes, `null` needs a token, any other gets 403. A request with neither Origin nor
 * Sec-Fetch-Site does not come from a browser: it passes, or with `csrf: "strict"` needs a token.
 *
 * @throws SessionError ERR_SESSION_OPTION if an option is wrong
 * @example
 * ```ts
 * const check = createCrossSiteCheck({ trustedOrigins: ["https://admin.example.com"] });
 * const denial = check.http(facts);
 * ```
 */
export function createCrossSiteCheck(options: CrossSiteOptions = {}): CrossSiteCheck {
  const rules: Rules = {
    ...readCsrfOption(options.csrf),
    trusted: readTrustedOrigins(options.trustedOrigins),
    findSite: createSiteFinder(options),
  };
  const { findSite, strict } = rules;
  return {
    strict,
    http: (facts) => judge(rules, facts, false),
    handshake: (facts) => judge(rules, facts, true) as Denial | undefined,
    host(facts) {
      const { fault } = findSite(facts);
      return fault && DENIALS[fault];
    },
    ownOrigin: (facts) => findSite(facts).origin,
    isSecure: (facts) => findSite(facts).secure,
    clientAddress: findSite.clientAddress,
  };
}

/** The options of the cross-site check, validated and in their internal form. */
interface Rules extends CompiledCsrf {
  readonly trusted: ReadonlySet<string>;
  readonly findSite: SiteFinder;
}

function judge(
  { enabled, strict, exempt, trusted, findSite }: Rules,
  facts: RequestFacts,
  isHandshake: boolean,
): HttpOutcome {
  const { origin: own, fault } = findSite(facts);
  if (fault !== undefined) return DENIALS[fault];
  if (!enabled) return undefined;
  if (!isHandshake) {
    const { method } = facts;
    if (method === "GET" || method === "HEAD" || method === "OPTIONS") return undefined;
    if (exempt.has(pathOf(facts.target))) return undefined;
  }
  const origin = facts.header("origin");
  const fetchSite = facts.header("sec-fetch-site");
  // No browser sends a comma in either header. A comma shows that two headers were joined.
  if (origin?.includes(",") || fetchSite?.includes(",")) return DENIALS["repeated-header"];
  if (origin !== undefined && trusted.has(origin)) return undefined;
  // Checked before Origin: a same-origin page with `Referrer-Policy: no-referrer` sends Origin
  // null.
  if (fetchSite !== undefined) {
    if (fetchSite !== "same-origin" && (isHandshake || fetchSite !== "none")) {
      return DENIALS["sec-fetch-site"];
    }
    if (!isHandshake) return undefined;
  }
  if (origin === undefined) {
    if (!strict) return undefined;
    return isHandshake ? DENIALS["origin-missing"] : "needs-token";
  }
  const page = isHandshake ? pageOrigin(origin) : origin;
  // The site's own origin is normalized, so an equal Origin needs no check of its form.
  if (page === own) return undefined;
  // A page with `Referrer-Policy: no-referrer` sends Origin null, and so does a sandboxed frame
  // of another site. A valid token tells them apart.
  if (page === "null") return isHandshake ? DENIALS["origin-null"] : "needs-token";
  if (!isOrigin(page)) return DENIALS["origin-malformed"];
  return DENIALS[own === undefined ? "host-missing" : "origin-foreign"];
}

/**
 * Returns the path of a request's target, as received. The path is not normalized, because the
 * option `csrf.exempt` matches only the exact path.
 */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
