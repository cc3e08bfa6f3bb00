import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { NEVER } from "../token/header.ts";
import { expiryOf, type Lifetimes } from "../token/times.ts";
import type { LoadedSnapshot, OtherSession } from "./records.ts";
import type { Shared } from "./shared.ts";

/** A process that has not yet heard of the end may prolong a cookie for so long, in seconds. */
export const LATE = 300;

/**
 * When the last copy of a session's cookie has expired, in seconds since 1970; where cookies do not
 * expire, when no browser has it any more.
 */
export function lastExpiry(lifetimes: Lifetimes, born: number, exp: number, now: number): number {
  const latest = Math.max(exp === NEVER ? 0 : exp, expiryOf(born, now, lifetimes));
  return (latest >= NEVER ? now + MAX_AGE_LIMIT : latest) + LATE;
}

/**
 * Ends the session that a request began with, and every other whose cookie came with it: here at
 * once, and in the store, which the promise is for. It may be left alone.
 */
export function endSession(
  shared: Shared,
  loaded: LoadedSnapshot,
  now: number,
): Promise<unknown> | undefined {
  const sessions: OtherSession[] = [...(loaded.isNew ? [] : [loaded]), ...(loaded.others ?? [])];
  const { from } = loaded.meta;
  if (typeof from === "string") {
    // The other framework's cookie goes too: it may live for as long as browsers keep one.
    shared.foreign.end(from, loaded.born);
    sessions.push({ sid: from, born: loaded.born, iat: loaded.iat, exp: NEVER });
  }
  const endings = sessions.map((each) => endOne(shared, each, now));
  if (endings.every((ending) => ending === undefined)) return undefined;
  const all = Promise.all(endings);
  // Where something else fails first, nobody waits for it.
  all.catch(() => undefined);
  return all;
}

function endOne(
  { settings, recent, live, store }: Shared,
  { sid, born, exp }: OtherSession,
  now: number,
): Promise<unknown> | undefined {
  const until = lastExpiry(settings.lifetimes, born, exp, now);
  recent.end(sid, now);
  live?.ended(sid);
  return store?.end(sid, until);
}
