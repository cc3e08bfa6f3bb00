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
  const idle = lifetimes.maxAge === null ? NEVER : iat + lifetimes.maxAge;
  const absolute = lifetimes.absoluteMaxAge === null ? NEVER : born + lifetimes.absoluteMaxAge;
  return Math.min(idle, absolute, NEVER);
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
  if (times.born > times.iat || times.iat >= times.exp) return "time";
  if (times.iat > now + SKEW) return "future";
  if (now >= Math.min(times.exp, expiryOf(times.born, times.iat, lifetimes))) return "expired";
  return undefined;
}
