import { denialBody, type Denial } from "../../csrf/denial.ts";
import type { Reply } from "../../session/ports.ts";

export type { Reply };

/** The reply to a request that the cross-site check or the check of handshakes stopped. */
export interface DeniedReply extends Reply {
  readonly denial: Denial;
}

/** The reply to a request that was denied. */
export function deniedReply(denial: Denial): DeniedReply {
  return { status: denial.status, body: denialBody(denial), denial };
}

/**
 * Gives the headers of a reply, but for those of its commit.
 *
 * @example
 * ```ts
 * headersOf({ status: 200, body: "{}" })["cache-control"]; // "no-store"
 * ```
 */
export function headersOf({ headers }: Reply): Record<string, string> {
  return { "content-type": "application/json", "cache-control": "no-store", ...headers };
}
