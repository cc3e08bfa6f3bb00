import { NEVER, type Times } from "./header.ts";

/** Seconds by which a clock may run behind the one that issued a token. */
export const SKEW = 60;

/** The lifetimes of the configuration in force, in seconds; null is no limit. */
export interface Lifetimes {
  readonly maxAge: number | null;
  readonly absoluteMaxAge: number | null;
}

/**
 * When a token issued at `iat` ends.
 * @returns seconds since 1970, or {@link NEVER}
 */
export function expiryOf(born: number, iat: number, lifetimes: Lifetimes): number {
  const { maxAge, absoluteMaxAge } = lifetimes;
  return Math.min(iat + (maxAge ?? NEVER), born + (absoluteMaxAge ?? NEVER), NEVER);
}

/**
 * Judges the times of an authentic token, under the lifetimes of *today's* configuration: one that
 * was shortened since also ends the tokens issued before.
 * @param now seconds since 1970
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
