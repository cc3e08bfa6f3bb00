import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { NEVER } from "../token/header.ts";
import { expiryOf, type Lifetimes } from "../token/times.ts";
import type { LoadedSnapshot } from "./records.ts";
import type { Shared } from "./shared.ts";

/** A process that has not yet heard of the end may prolong a cookie for so long, in seconds. */
const LATE = 300;

/**
 * When the last copy of a session's cookie has expired, in seconds since 1970; where cookies do not
 * expire, when no browser has it any more.
 */
export function lastExpiry(lifetimes: Lifetimes, born: number, exp: number, now: number): number {
  const latest = Math.max(exp === NEVER ? 0 : exp, expiryOf(born, now, lifetimes));
  return (latest >= NEVER ? now + MAX_AGE_LIMIT : latest) + LATE;
}

/**
 * Ends the session that a request began with: here at once, and in the store, which the promise is
 * for. It may be left alone.
 */
export function endSession(
  { settings, recent, live, store }: Shared,
  { sid, born, exp }: LoadedSnapshot,
  now: number,
): Promise<unknown> | undefined {
  const until = lastExpiry(settings.lifetimes, born, exp, now);
  recent.end(sid, now);
  live?.ended(sid, until);
  const ending = store?.end(sid, until);
  // Where something else fails first, nobody waits for it.
  ending?.catch(() => undefined);
  return ending;
}
