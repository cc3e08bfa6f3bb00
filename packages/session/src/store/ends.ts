import { nowSeconds } from "../session/clock.ts";
import { ENDED, type Revision } from "../session/records.ts";
import { endKey, readSession, sessionKey, TOMB } from "./keys.ts";
import type { StoreAccess } from "./store-access.ts";
import type { Write } from "./store.ts";

/**
 * A value for `base`, the highest revision that a write may replace. No revision is higher, so the
 * write replaces any value.
 */
const ALWAYS = Number.MAX_SAFE_INTEGER;

/**
 * Ends a session, in this process first and then in the store.
 *
 * @param until when the session's last cookie expires, in seconds since 1970
 * @throws SessionError `ERR_SESSION_STORE` if the store fails; the end is then written later
 */
export async function endStored(store: StoreAccess, sid: string, until: number): Promise<void> {
  const { questions } = store;
  questions.wrote(sid, ENDED, performance.now());
  try {
    await Promise.all(endsOf(sid, until).map((write) => questions.write(write)));
  } catch (error) {
    endSoon(store, sid, until);
    throw error;
  }
}

/** Ends a session in this process now, and in the store as soon as possible. */
export function endSoon({ questions }: StoreAccess, sid: string, until: number): void {
  for (const write of endsOf(sid, until)) questions.pending.add(write, () => questions.flush());
}

/**
 * Ends the old id of a renewed session, unless another request changed the session under that id.
 *
 * @param base the session's revision, under the old id, when the renewal began
 * @returns the other request's revision, or `ENDED` if that request ended the session; `undefined`
 *   if there was no such request
 */
export async function sealOld(
  store: StoreAccess,
  sid: string,
  until: number,
  base: number,
): Promise<Revision | typeof ENDED | undefined> {
  const seconds = Math.max(until - nowSeconds(), 1);
  const write = { ...TOMB, key: sessionKey(sid), base, seconds };
  const newer = await store.questions.write(write);
  if (newer !== undefined) return readSession(newer);
  await endStored(store, sid, until);
  return undefined;
}

/**
 * Returns the two writes that end a session. The first marks the session as ended, under a key that
 * changes of the session never write. The second replaces the session's value, which deletes the
 * data and makes the change of a concurrent request fail.
 */
function endsOf(sid: string, until: number): Write[] {
  const end = { ...TOMB, base: ALWAYS, seconds: Math.max(until - nowSeconds(), 1) };
  return [endKey(sid), sessionKey(sid)].map((key) => ({ ...end, key }));
}
