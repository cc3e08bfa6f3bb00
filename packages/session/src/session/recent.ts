import type { RecentChange } from "./records.ts";

const REMEMBER_SECONDS = 300;
const REMEMBER_SESSIONS = 10_000;
/** So many more may come together before the oldest are looked for. */
const SURPLUS = 1000;

/**
 * What this process did to sessions lately: enough to notice that two requests in flight changed
 * the same one, and that a request still running belongs to a session that has ended. Bounded in
 * time and number; what must last longer belongs in a store.
 */
export class RecentChanges {
  // Insertion order is age: what is recorded anew moves to the end.
  readonly #entries = new Map<string, RecentChange>();
  #sweptAt = 0;

  /** What is known of a session, or `undefined`: then its cookie is the truth. */
  peek(sid: string): RecentChange | undefined {
    return this.#entries.get(sid);
  }

  /** Notes a commit that changed a session. */
  record(sid: string, rev: number, json: string, now: number): void {
    if (this.#entries.get(sid)?.ended !== true)
      this.#put(sid, { ended: false, rev, json, at: now });
  }

  /** Notes that a session ended. */
  end(sid: string, now: number): void {
    this.#put(sid, { ended: true, rev: 0, json: "", at: now });
  }

  #put(sid: string, known: RecentChange): void {
    this.#entries.delete(sid);
    this.#entries.set(sid, known);
    // Not at every commit: to find its oldest entry, a Map walks over all that were deleted before
    // it, which costs more than all the rest of a commit.
    const isFull = this.#entries.size > REMEMBER_SESSIONS + SURPLUS;
    if (known.at === this.#sweptAt && !isFull) return;
    this.#sweptAt = known.at;
    for (const [oldest, { at }] of this.#entries) {
      const surplus = this.#entries.size > REMEMBER_SESSIONS;
      if (!surplus && at > known.at - REMEMBER_SECONDS) break;
      this.#entries.delete(oldest);
    }
  }
}
