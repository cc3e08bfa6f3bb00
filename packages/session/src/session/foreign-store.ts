import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { judgeTimes } from "../token/times.ts";
import { nowSeconds } from "./clock.ts";
import { ENDED, type LoadedSnapshot } from "./records.ts";
import type { Shared } from "./shared.ts";
import { rejectCookie } from "./snapshot.ts";

const BORN = /^\{"born":(\d{1,10})\}$/;

/**
 * Asks the store if the session of another framework's cookie has ended, or if its user's sessions
 * were revoked.
 *
 * @throws SessionError `ERR_SESSION_STORE` if the store fails, unless `onStoreError` is "allow"
 */
export async function loadForeignStored(
  shared: Shared,
  found: LoadedSnapshot,
  now: number,
): Promise<LoadedSnapshot> {
  const { store, foreign, settings } = shared;
  const { from } = found.meta;
  let { born } = found;
  if (typeof from === "string") {
    const kept = await ask(shared, from);
    if (kept === ENDED) {
      foreign.end(from, born);
      return rejectCookie(shared, "revoked", now, found.cookies);
    }
    const [, first = born] = BORN.exec(kept?.json ?? "") ?? [];
    born = foreign.note(from, Math.min(born, Number(first)));
  }
  const fault = judgeTimes({ ...found, born }, now, settings.lifetimes);
  if (fault !== undefined) return rejectCookie(shared, fault, now, found.cookies);
  return store!.load({ ...found, born }, now);
}

async function ask({ store }: Shared, id: string) {
  try {
    const [kept] = await store!.check([{ sid: id, data: {}, meta: {} }]);
    return kept;
  } catch (error) {
    // Does not throw: `store.load` asks the store next, and follows `onStoreError` if it fails.
    store!.report(error);
    return undefined;
  }
}

/**
 * Stores when another framework's cookie was first received, so that all processes use the same
 * time.
 */
export async function rememberMigrated(
  { store }: Shared,
  { meta, born }: LoadedSnapshot,
): Promise<void> {
  const { from } = meta;
  if (store === undefined || typeof from !== "string") return;
  const until = nowSeconds() + MAX_AGE_LIMIT;
  try {
    await store.replace(from, 0, { rev: 1, json: JSON.stringify({ born }) }, until);
  } catch (error) {
    store.report(error);
  }
}
