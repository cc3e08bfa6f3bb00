import type { RecentChange } from "./records.ts";

const REMEMBER_SECONDS = 300;
const REMEMBER_CHANGES = 10_000;
const REMEMBER_ENDS = 100_000;

/**
 * Remembers what this process committed in the last minutes. It detects overlapping requests that
 * change the same session, and requests that continue after their session ended. It is bounded in
 * time and number; a store remembers longer.
 */
export class RecentChanges {
  readonly #changes = new Generation(REMEMBER_CHANGES);
  // Kept apart from the changes, so that a flood of new sessions cannot push out an end and revive
  // its session.
  readonly #ends = new Generation(REMEMBER_ENDS);

  /** Returns the recent change of a session; `undefined` means that its cookie is current. */
  peek(sid: string): RecentChange | undefined {
    return this.#ends.get(sid) ?? this.#changes.get(sid);
  }

  /** Records a commit that changed a session. */
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

/** Keeps the entries of the last five minutes, up to a limit and a tenth more. */
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
