import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { background } from "../timer.ts";
import { nextCount, readEpoch, writeEpoch } from "./epoch.ts";
import { endKey } from "./keys.ts";
import type { SessionStore, Write } from "./store.ts";

const RETRY_MS = 1000;
const MOST = 100_000;
const ATTEMPTS = 100;

/**
 * Revocations that could not be written because the store failed. They already apply in this
 * process, which writes them before its next question to the store, or when a timer fires. The
 * timer exists only while revocations are pending.
 */
export class PendingRevocations {
  readonly #writes = new Map<string, { readonly write: Write; readonly until: number }>();
  readonly #users = new Map<string, { readonly keep: string; readonly until: number }>();
  #timer: NodeJS.Timeout | undefined;

  get isEmpty(): boolean {
    return this.#writes.size === 0 && this.#users.size === 0;
  }

  isEnded(sid: string): boolean {
    return this.#writes.size > 0 && this.#writes.has(endKey(sid));
  }

  isUserEnded(key: string, sid: string): boolean {
    const entry = this.#users.size === 0 ? undefined : this.#users.get(key);
    return entry !== undefined && entry.keep !== sid;
  }

  add(write: Write, retry: () => Promise<unknown>): void {
    if (this.#writes.size >= MOST) return;
    this.#writes.set(write.key, { write, until: nowSeconds() + write.seconds });
    this.#retry(retry);
  }

  addUser(key: string, keep: string, until: number, retry: () => Promise<unknown>): void {
    const before = this.#users.get(key);
    const kept = before === undefined || before.keep === keep ? keep : "";
    this.#users.set(key, { keep: kept, until });
    this.#retry(retry);
  }

  /**
   * Writes the pending revocations into the store. A revocation that cannot be written stays
   * pending.
   */
  async flush(store: SessionStore): Promise<void> {
    const now = nowSeconds();
    for (const [key, { write, until }] of this.#writes) {
      if (until > now) await store.replace({ ...write, seconds: until - now });
      this.#writes.delete(key);
    }
    for (const [key, entry] of this.#users) {
      const { keep, until } = entry;
      if (until > now) await countUp(store, key, keep, until - now);
      // If another revocation of this user failed meanwhile, it stays pending: the count that was
      // just written is older.
      if (this.#users.get(key) === entry) this.#users.delete(key);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #retry(flush: () => Promise<unknown>): void {
    this.#timer ??= background(
      setTimeout(() => {
        this.#timer = undefined;
        if (this.isEmpty) return;
        const again = () => void (this.isEmpty || this.#retry(flush));
        flush().then(again, again);
      }, RETRY_MS),
    );
  }
}

/**
 * Raises the user's count of revocations in the store. Sessions that carry a lower count are then
 * revoked.
 */
async function countUp(store: SessionStore, key: string, keep: string, seconds: number) {
  let stored = (await store.get([key]))[0];
  for (let i = 0; i < ATTEMPTS; i += 1) {
    const { count } = readEpoch(stored);
    const value = writeEpoch({ count, keep, at: nowSeconds() });
    stored = await store.replace({ key, base: count, rev: nextCount(count), value, seconds });
    if (stored === undefined) return;
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "Other processes revoked sessions of this user at the same time. The revocation already applies in this process, which will write it to the store later.",
    { status: 503 },
  );
}
