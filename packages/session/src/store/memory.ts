import { SessionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import { isList, isRevocation } from "./keys.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many sessions to keep, and how many revocations. When there are a tenth more, those written
   * longest ago are dropped. Default 100,000.
   */
  readonly max?: number;
}

interface Kept extends StoredValue {
  /** Milliseconds since 1970. */
  readonly until: number;
}

const SWEEP_EVERY = 1000;

/**
 * A store in the memory of this process, for one process and for tests. A restart loses everything:
 * a copy of a revoked cookie is then accepted again until it expires.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if `max` is not a whole number above 0
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
  return connected(new MemoryStore(max));
}

class MemoryStore implements SessionStore {
  readonly isLocal = true;
  readonly #max: number;
  // Separate maps, so that a flood of new sessions cannot push out revocations or lists. A Map
  // keeps insertion order, and a written value moves to the end, so the first is the oldest.
  readonly #sessions = new Map<string, Kept>();
  readonly #revocations = new Map<string, Kept>();
  readonly #lists = new Map<string, Kept>();
  readonly #watchers = new Set<(key: string) => void>();
  #writes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get(keys: readonly string[]): (StoredValue | undefined)[] {
    return keys.map((key) => this.#get(key));
  }

  replace({ key, base, rev, value, seconds }: Write): StoredValue | undefined {
    const current = this.#get(key);
    if (current !== undefined && current.rev > base) return current;
    const map = this.#mapOf(key);
    map.delete(key);
    map.set(key, { rev, value, until: Date.now() + seconds * 1000 });
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY === 0) this.#sweep();
    // Drops many at a time: to find the oldest, a Map walks over all deleted entries.
    if (map.size > this.#max * 1.1) this.#forgetOldest(map);
    for (const onWrite of this.#watchers) onWrite(key);
    return undefined;
  }

  watch(onWrite: (key: string) => void): () => void {
    this.#watchers.add(onWrite);
    return () => this.#watchers.delete(onWrite);
  }

  #get(key: string): Kept | undefined {
    const map = this.#mapOf(key);
    const kept = map.get(key);
    if (kept === undefined || kept.until > Date.now()) return kept;
    map.delete(key);
    return undefined;
  }

  #mapOf(key: string): Map<string, Kept> {
    if (isRevocation(key)) return this.#revocations;
    return isList(key) ? this.#lists : this.#sessions;
  }

  #sweep(): void {
    const now = Date.now();
    for (const map of [this.#sessions, this.#revocations, this.#lists]) {
      for (const [key, { until }] of map) if (until <= now) map.delete(key);
    }
  }

  #forgetOldest(map: Map<string, Kept>): void {
    for (const key of map.keys()) {
      if (map.size <= this.#max) return;
      map.delete(key);
    }
  }
}
