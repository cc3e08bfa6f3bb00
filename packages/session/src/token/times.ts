import { NEVER, type Times } from "./header.ts";

/**
 * Seconds by which the clock of this process may be behind the clock of the process that issued a
 * token.
 */
export const SKEW = 60;

/** The configured lifetimes in seconds; null means no limit. */
export interface Lifetimes {
  readonly maxAge: number | null;
  readonly absoluteMaxAge: number | null;
}

/**
 * Computes when a token issued at `iat` expires.
 * @returns seconds since 1970, or {@link NEVER}
 */
export function expiryOf(born: number, iat: number, lifetimes: Lifetimes): number {
  const { maxAge, absoluteMaxAge } = lifetimes;
  return Math.min(iat + (maxAge ?? NEVER), born + (absoluteMaxAge ?? NEVER), NEVER);
}

/**
 * Checks the times of an authentic token against the lifetimes that are configured now. A shortened
 * lifetime also applies to tokens issued before.
 * @param now seconds since 1970
 * @returns the reason to reject the token; `undefined` if the token is valid now
 */
export function judgeTimes(
  times: Times,
  now: number,
  lifetimes: Lifetimes,
): "time" | "expired" | "future" | undefined {
  const { born, iat, exp } = times;
  if (born > iat || iat >= exp) return "time";
  if (iat > now + SKEW) return "future";
  return now < Math.min(exp, expiryOf(born, iat, lifetimes)) ? undefined : "expired";
}
