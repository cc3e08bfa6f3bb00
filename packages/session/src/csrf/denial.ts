import type { SessionErrorCode } from "../errors.ts";
import type { SiteFault } from "../site/site.ts";

/** The rule that denied a request. Rules are public and keep their meaning, like error codes. */
export type CrossSiteRule =
  /** The Host is not a valid authority. */
  | "host-invalid"
  /** The request has no Host, although its version of HTTP requires one. */
  | "host-missing"
  /** The Host is not one of `allowedHosts`. */
  | "host-not-allowed"
  /** A trusted proxy's `Forwarded` or `X-Forwarded-*` header cannot be read. */
  | "forwarded-malformed"
  /** `Forwarded` and `X-Forwarded-*` contradict each other. */
  | "forwarded-conflict"
  /** The request has several Origin or Sec-Fetch-Site headers. */
  | "repeated-header"
  /** Sec-Fetch-Site says that another site caused the request. */
  | "sec-fetch-site"
  /**
   * The Origin is `null` and there is no token. Browsers send `null` for a page with
   * `Referrer-Policy: no-referrer`, in a sandboxed frame, or from a file.
   */
  | "origin-null"
  /** The Origin is malformed or not normalized. */
  | "origin-malformed"
  /** The Origin is neither this site's nor trusted. */
  | "origin-foreign"
  /** A WebSocket handshake has no Origin, while `csrf` is strict. */
  | "origin-missing"
  /** A request has no token, but needs one. */
  | "token-missing"
  /** The token is malformed, or belongs to another session, scope or key. */
  | "token-invalid";

/**
 * Says why a request was denied, and with which response. There is one frozen object for each rule.
 */
export interface Denial {
  readonly rule: CrossSiteRule;
  /** 400 for an invalid Host or proxy header, 403 for a cross-site request. */
  readonly status: 400 | 403;
  readonly code: Extract<SessionErrorCode, "ERR_SESSION_CSRF" | "ERR_SESSION_HOST">;
  /**
   * A text that says what is wrong and what to do. It never contains parts of the request or the
   * configuration.
   */
  readonly message: string;
}

function denials<Rule extends CrossSiteRule>(
  status: Denial["status"],
  code: Denial["code"],
  messages: Readonly<Record<Rule, string>>,
) {
  return Object.entries<string>(messages).map(
    ([rule, message]) => [rule, Object.freeze({ rule, status, code, message })] as const,
  );
}

/** All denials, each under the name of its rule. */
export const DENIALS = Object.freeze(
  Object.fromEntries([
    ...denials<SiteFault>(400, "ERR_SESSION_HOST", {
      "host-invalid": "The Host is malformed.",
      "host-missing": "The Host is missing.",
      "host-not-allowed": "This Host is not an allowed host. Add it to allowedHosts.",
      "forwarded-malformed": "Forwarded or X-Forwarded-* is malformed.",
      "forwarded-conflict": "Forwarded and X-Forwarded-* disagree. Let the proxy remove one.",
    }),
    ...denials<Exclude<CrossSiteRule, SiteFault>>(403, "ERR_SESSION_CSRF", {
      "repeated-header": "The request has more than one Origin or Sec-Fetch-Site header.",
      "sec-fetch-site":
        "Another site caused this request. To accept it, add its origin to trustedOrigins.",
      "origin-null":
        "The Origin is null, because the page is sandboxed or has `Referrer-Policy: no-referrer`. Set `Referrer-Policy: same-origin`, or send a CSRF token.",
      "origin-malformed": "The Origin is malformed.",
      "origin-foreign":
        "The Origin is not this site. Behind a proxy, set trustProxy. To accept another site, add its origin to trustedOrigins.",
      "origin-missing": "A WebSocket needs an Origin, because csrf is strict.",
      "token-missing":
        "The request needs a CSRF token in the header x-csrf-token or the form field csrf_token.",
      "token-invalid": "The CSRF token belongs to another session. Reload the page.",
    }),
  ]),
) as Readonly<Record<CrossSiteRule, Denial>>;

/**
 * Returns a JSON body that tells the client which rule denied the request.
 *
 * @example
 * ```ts
 * new Response(denialBody(denial), {
 *   status: denial.status,
 *   headers: { "content-type": "application/json" },
 * });
 * ```
 */
export function denialBody(denial: Denial): string {
  return JSON.stringify({ error: denial.message, code: denial.code, rule: denial.rule });
}
