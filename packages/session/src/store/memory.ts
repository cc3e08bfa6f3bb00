import { SessionError } from "../errors.ts";
import { CONNECT, type ConnectedStore, type CheckedConnected } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import { revisionOf, type LogEntry, type LogPage, type SessionStore, type Write } from "./store.ts";
import { StoreVault } from "./vault.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Sessions that are kept, and as many revocations. A tenth beyond it the sessions that were not
   * written for the longest time are forgotten, and the revocations that end soonest. Default
   * 100,000.
   */
  readonly max?: number;
}

interface Kept {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

interface Line extends LogEntry {
  readonly number: number;
}

const SWEEP_EVERY = 1000;

/**
 * A store in the memory of this process: for one process, and for tests. It forgets everything
 * when the process ends; a copy of a cookie that was refused is then good again until it expires.
 *
 * @throws SessionError `ERR_SESSION_OPTION` when `max` is no whole number above 0
 * @example
 * ```ts
 * createSessions({ secretKey, store: memoryStore({ max: 10_000 }), subject: "userId" });
 * ```
 */
export function memoryStore({ max = 100_000 }: MemoryStoreOptions = {}): SessionStore &
  ConnectedStore {
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new SessionError("ERR_SESSION_OPTION", "max must be a whole number above 0.");
  }
  return new MemoryStore(max);
}

class MemoryStore implements SessionStore, ConnectedStore {
  readonly isLocal = true;
  readonly #max: number;
  // Insertion order is age: what is written anew moves to the end.
  readonly #kept = new Map<string, Kept>();
  #log: Line[] = [];
  #next = 1;
  /** What is read when all is known. */
  #nothingNew = pageUpTo(0);
  #writes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  [CONNECT](shared: Shared, options: CheckedConnected): StoreVault {
    return new StoreVault(this, shared, options);
  }

  get(key: string): string | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if (kept.until > Date.now()) return kept.value;
    this.#kept.delete(key);
    return undefined;
  }

  replace({ key, base, value, seconds, entry }: Write): string | undefined {
    const current = this.get(key);
    if (current !== undefined && revisionOf(current) > base) return current;
    this.#kept.delete(key);
    this.#kept.set(key, { value, until: Date.now() + seconds * 1000 });
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY === 0) this.#sweep();
    // Many at once: to find the oldest, a Map walks over all that was deleted before it.
    if (this.#kept.size > this.#max * 1.1) this.#forgetOldest();
    if (entry !== undefined) this.append([entry]);
    return undefined;
  }

  append(entries: readonly LogEntry[]): void {
    for (const { text, until } of entries) this.#log.push({ text, until, number: this.#next++ });
    this.#nothingNew = pageUpTo(this.#next - 1);
    // Room for a tenth more, so that the sorting is done for many at once.
    if (this.#log.length > this.#max * 1.1) this.#shortenLog();
  }

  read(cursor: string | undefined): LogPage {
    // Asked by every request, and nearly always in vain.
    if (cursor === this.#nothingNew.cursor) return this.#nothingNew;
    const last = cursor === undefined ? 0 : Number(cursor);
    const after: string[] = [];
    for (let i = this.#log.length - 1; i >= 0; i -= 1) {
      const line = this.#log[i] as Line;
      if (line.number <= last) break;
      after.push(line.text);
    }
    return { ...this.#nothingNew, entries: after.reverse() };
  }

  #sweep(): void {
    const now = Date.now();
    for (const [key, { until }] of this.#kept) if (until <= now) this.#kept.delete(key);
    this.#log = this.#log.filter(({ until }) => until * 1000 > now);
  }

  #forgetOldest(): void {
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= this.#max) return;
      this.#kept.delete(key);
    }
  }

  #shortenLog(): void {
    this.#sweep();
    if (this.#log.length <= this.#max) return;
    const longest = this.#log.toSorted((a, b) => b.until - a.until).slice(0, this.#max);
    this.#log = longest.toSorted((a, b) => a.number - b.number);
  }
}

function pageUpTo(last: number): LogPage {
  return { entries: [], cursor: String(last), more: false, lost: false };
}
