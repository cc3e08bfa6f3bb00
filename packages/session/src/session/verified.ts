import { openToken, type OpenedToken, type TokenFault } from "../token/token.ts";
import type { LoadedSnapshot, VerifiedCookie } from "./records.ts";
import type { Shared } from "./shared.ts";

/** True if a cookie was verified, but its session was not read yet. */
export function isVerified(found: VerifiedCookie | LoadedSnapshot): found is VerifiedCookie {
  return "opened" in found;
}

/**
 * Verifies a session token and decodes it, or takes the result from the cache of verified tokens.
 *
 * @returns the contents of the token, or the reason why it was rejected
 */
export function openCached({ settings, cache }: Shared, token: string): OpenedToken | TokenFault {
  const cached = cache.get(token);
  if (cached !== undefined) return cached;
  const opened = openToken(token, settings.ring, settings.accepted);
  if (typeof opened !== "string") cache.add(token, opened);
  return opened;
}
