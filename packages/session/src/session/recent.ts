import type { RecentChange } from "./records.ts";

const REMEMBER_SECONDS = 300;
const REMEMBER_CHANGES = 10_000;
const REMEMBER_ENDS = 100_000;

/**
 * Remembers which sessions this process changed or ended in the last minutes. So a request notices
 * if an overlapping request changed or ended the same session. The memory is limited in time and
 * number; a store remembers longer.
 */
export class RecentChanges {
  readonly #changes = new Generation(REMEMBER_CHANGES);
  // Kept apart from the changes, so that a flood of new sessions cannot push out an end and revive
  // its session.
  readonly #ends = new Generation(REMEMBER_ENDS);

  /**
   * Returns the last change or end of a session in this process; `undefined` means that the data in
   * the session's cookie is the newest.
   */
  peek(sid: string): RecentChange | undefined {
    return this.#ends.get(sid) ?? this.#changes.get(sid);
  }

  /** Records that a request changed a session and saved it. */
  record(sid: string, rev: number, json: string, now: number): void {
    if (this.#ends.get(sid) !== undefined) return;
    this.#changes.put(sid, { ended: false, rev, json, at: now });
  }

  /** Records that a session ended. */
  end(sid: string, now: number): void {
    this.#changes.delete(sid);
    this.#ends.put(sid, { ended: true, rev: 0, json: "", at: now });
  }
}

/**
 * Keeps the changes of sessions from the last five minutes. It may exceed its maximum number by a
 * tenth.
 */
class Generation {
  // A Map keeps insertion order, and a changed record moves to the end. So the first entry is the
  // oldest.
  readonly #entries = new Map<string, RecentChange>();
  readonly #most: number;
  #sweptAt = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(sid: string): RecentChange | undefined {
    return this.#entries.size === 0 ? undefined : this.#entries.get(sid);
  }

  delete(sid: string): void {
    this.#entries.delete(sid);
  }

  put(sid: string, known: RecentChange): void {
    this.#entries.delete(sid);
    this.#entries.set(sid, known);
    // Trims rarely: to find its oldest entry, a Map walks over all deleted ones, which costs more
    // than the rest of a commit.
    const isFull = this.#entries.size > this.#most * 1.1;
    if (known.at === this.#sweptAt && !isFull) return;
    this.#sweptAt = known.at;
    for (const [oldest, { at }] of this.#entries) {
      const surplus = this.#entries.size > this.#most;
      if (!surplus && at > known.at - REMEMBER_SECONDS) break;
      this.#entries.delete(oldest);
    }
  }
}
