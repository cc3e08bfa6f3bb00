import type { SessionErrorCode } from "../errors.ts";
import type { SiteFault } from "../site/site.ts";

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
  /** The Origin is `null` and no token came: `Referrer-Policy: no-referrer`, a sandboxed frame, a file. */
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
export interface Denial {
  readonly rule: CrossSiteRule;
  /** 400 for a Host or proxy header that makes no sense, 403 for a cross-site request. */
  readonly status: 400 | 403;
  readonly code: Extract<SessionErrorCode, "ERR_SESSION_CSRF" | "ERR_SESSION_HOST">;
  /** What is wrong and what to do. Never holds anything of the request or the configuration. */
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

/** Every denial, by its rule. */
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
      "repeated-header": "Origin or Sec-Fetch-Site is repeated.",
      "sec-fetch-site":
        "Another site caused this request. To accept it, add its origin to trustedOrigins.",
      "origin-null":
        "The Origin is null: the page has `Referrer-Policy: no-referrer` (set `same-origin`), or is sandboxed. Or send a CSRF token.",
      "origin-malformed": "The Origin is malformed.",
      "origin-foreign":
        "The Origin is not this site. Set trustProxy behind a proxy, or add it to trustedOrigins.",
      "origin-missing": "A WebSocket needs an Origin, as csrf is strict.",
      "token-missing": "Send a CSRF token as x-csrf-token or csrf_token.",
      "token-invalid": "The CSRF token is not of this session. Reload the page.",
    }),
  ]),
) as Readonly<Record<CrossSiteRule, Denial>>;

/**
 * The JSON body that tells a client which rule refused.
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
