import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { NEVER, type Times } from "../token/header.ts";
import { expiryOf, type Lifetimes } from "../token/times.ts";
import type { LoadedSnapshot, OtherSession } from "./records.ts";
import type { Shared } from "./shared.ts";

/**
 * How long after a session's end another process may still prolong its cookie, in seconds. Until
 * then that process may not have learned of the end.
 */
export const LATE = 300;

/**
 * Returns when no copy of a session's cookie can be valid any more, in seconds since 1970. For a
 * cookie that never expires, it returns a time after which browsers no longer keep the cookie.
 */
export function lastExpiry(
  { maxAge, absoluteMaxAge }: Lifetimes,
  { born, iat, exp }: Times,
  now: number,
): number {
  const until = exp === NEVER ? 0 : exp;
  // `setMaxAge` may have given the session a longer lifetime than the option `maxAge`. Then
  // `exp - iat` is that lifetime.
  const lasts = maxAge === null ? null : Math.max(maxAge, until - iat);
  const latest = Math.max(until, expiryOf(born, now, { maxAge: lasts, absoluteMaxAge }));
  return (latest >= NEVER ? now + MAX_AGE_LIMIT : latest) + LATE;
}

/**
 * Returns when no cookie of any session can be valid any more, in seconds since 1970. Used to end
 * all sessions of a user: the times of these sessions are unknown, so the longest lifetime is
 * assumed.
 */
export function lastExpiryOfAny({ absoluteMaxAge }: Lifetimes, now: number): number {
  const exp = expiryOf(now, now, { maxAge: MAX_AGE_LIMIT, absoluteMaxAge });
  return exp + LATE;
}

/**
 * Ends the session of a request, and all older sessions whose cookies came with the request. In
 * this process they end immediately. The promise resolves when they have ended in the store, and
 * need not be awaited.
 */
export function endSession(
  shared: Shared,
  loaded: LoadedSnapshot,
  now: number,
): Promise<unknown> | undefined {
  const sessions: OtherSession[] = [...(loaded.isNew ? [] : [loaded]), ...(loaded.others ?? [])];
  const { from } = loaded.meta;
  if (typeof from === "string") {
    // The session came from another framework's cookie, which browsers may keep for years. Its end
    // is recorded for that cookie too.
    shared.foreign.end(from, loaded.born);
    sessions.push({ sid: from, born: loaded.born, iat: loaded.iat, exp: NEVER });
  }
  const endings = sessions.map((each) => endOne(shared, each, now));
  if (!loaded.isNew) endings.push(shared.store?.loggedOut(loaded));
  if (endings.every((ending) => ending === undefined)) return undefined;
  const all = Promise.all(endings);
  // If another step throws before this promise is awaited, its rejection would end the process.
  all.catch(() => undefined);
  return all;
}

/**
 * Ends a session and closes its sockets: in this process immediately, in the store when the promise
 * resolves.
 */
export function endOne(
  { settings, recent, live, store }: Shared,
  session: OtherSession,
  now: number,
): Promise<unknown> | undefined {
  const { sid } = session;
  const until = lastExpiry(settings.lifetimes, session, now);
  recent.end(sid, now);
  live?.ended(sid);
  return store?.end(sid, until);
}
