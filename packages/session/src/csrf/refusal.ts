import type { SessionErrorCode } from "../errors.ts";

/** Which rule refused a request. A rule is part of the public interface, like an error's code. */
export type CrossSiteRule =
  /** The Host is not a valid authority. */
  | "host-invalid"
  /** There is no Host, and one is needed. */
  | "host-missing"
  /** The Host is not one of `allowedHosts`. */
  | "host-not-allowed"
  /** A trusted proxy's `Forwarded` or `X-Forwarded-*` header cannot be read. */
  | "forwarded-malformed"
  /** `Forwarded` and `X-Forwarded-*` contradict each other. */
  | "forwarded-conflict"
  /** Origin or Sec-Fetch-Site came more than once. */
  | "repeated-header"
  /** Sec-Fetch-Site says that another site caused the request. */
  | "sec-fetch-site"
  /** The Origin is `null`: a sandboxed frame, a file, or a redirect across sites. */
  | "origin-null"
  /** The Origin is not its own serialization. */
  | "origin-malformed"
  /** The Origin is neither the own one nor trusted. */
  | "origin-foreign"
  /** A WebSocket handshake without Origin, while `csrf` is strict. */
  | "origin-missing"
  /** A request that needs a token has none. */
  | "token-missing"
  /** A token that is malformed, or made for another session, scope or key. */
  | "token-invalid";

/** The answer to a request that is refused. Frozen; one object per rule, made at start. */
export interface Refusal {
  readonly rule: CrossSiteRule;
  /** 400 for a Host or proxy header that makes no sense, 403 for a cross-site request. */
  readonly status: 400 | 403;
  readonly code: Extract<SessionErrorCode, "ERR_SESSION_CSRF" | "ERR_SESSION_HOST">;
  /** What is wrong and what to do. Never holds anything of the request or the configuration. */
  readonly message: string;
}

function host<Rule extends CrossSiteRule>(rule: Rule, message: string) {
  return Object.freeze({ rule, status: 400, code: "ERR_SESSION_HOST", message } as const);
}

function crossSite<Rule extends CrossSiteRule>(rule: Rule, message: string) {
  return Object.freeze({ rule, status: 403, code: "ERR_SESSION_CSRF", message } as const);
}

/** Every refusal, by its rule. */
export const REFUSALS = Object.freeze({
  "host-invalid": host("host-invalid", "The Host header is not a valid host with optional port."),
  "host-missing": host("host-missing", "The request has no Host header."),
  "host-not-allowed": host(
    "host-not-allowed",
    "This Host is not served here. The operator can add it to the allowed hosts.",
  ),
  "forwarded-malformed": host(
    "forwarded-malformed",
    "A Forwarded or X-Forwarded-* header cannot be read. See trustProxy.",
  ),
  "forwarded-conflict": host(
    "forwarded-conflict",
    "Forwarded and X-Forwarded-* name different hosts or schemes. " +
      "The proxy must remove the one that it does not set.",
  ),
  "repeated-header": crossSite(
    "repeated-header",
    "Origin and Sec-Fetch-Site may each come only once.",
  ),
  "sec-fetch-site": crossSite(
    "sec-fetch-site",
    "Another site caused this request. To accept it, add its origin to trustedOrigins.",
  ),
  "origin-null": crossSite(
    "origin-null",
    "The Origin is null: a sandboxed frame, a local file or a redirect. It cannot be trusted.",
  ),
  "origin-malformed": crossSite(
    "origin-malformed",
    "The Origin is not of the form scheme://host[:port] in its normal spelling.",
  ),
  "origin-foreign": crossSite(
    "origin-foreign",
    "The Origin is not this site. If a proxy ends TLS or changes the Host, set trustProxy; " +
      "to accept another site, add its origin to trustedOrigins.",
  ),
  "origin-missing": crossSite(
    "origin-missing",
    'A WebSocket handshake needs an Origin here, because csrf is "strict".',
  ),
  "token-missing": crossSite(
    "token-missing",
    "This request needs a CSRF token, in the x-csrf-token header or the csrf_token form field.",
  ),
  "token-invalid": crossSite(
    "token-invalid",
    "The CSRF token does not belong to this session. Load the page again for a new one.",
  ),
}) satisfies Readonly<Record<CrossSiteRule, Refusal>>;

/**
 * The JSON body that tells a client which rule refused.
 *
 * @example
 * ```ts
 * new Response(refusalBody(refusal), {
 *   status: refusal.status,
 *   headers: { "content-type": "application/json" },
 * });
 * ```
 */
export function refusalBody(refusal: Refusal): string {
  const { message, code, rule } = refusal;
  return JSON.stringify({ error: message, code, rule });
}
