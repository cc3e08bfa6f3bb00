import { SessionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import { ENDED, type Revision } from "../session/records.ts";
import { isList, isRevocation, readSession, sidOf } from "./keys.ts";
import type { LookingStore, SessionStore, StoredValue, Write } from "./store.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many sessions to keep. The same limit applies to revocations, and to lists of sessions. If
   * there are a tenth more, the store drops those that were written longest ago. Default 100,000.
   */
  readonly max?: number;
}

interface Kept extends StoredValue {
  /** When the value expires, in milliseconds since 1970. */
  readonly until: number;
  /** The decoded value of a session. It is set when the session is first read. */
  revision?: Revision | typeof ENDED;
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

class MemoryStore implements LookingStore {
  readonly isLocal = true;
  readonly #max: number;
  // The maps use the names of nameOf. They are separate, so that a flood of new sessions cannot
  // push out revocations or lists. A Map keeps insertion order, and a written value moves to the
  // end, so the first value is the oldest.
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

  look(sid: string, now: number): Revision | typeof ENDED | undefined {
    if (fresh(this.#revocations, sid, now) !== undefined) return ENDED;
    const kept = fresh(this.#sessions, sid, now);
    return kept && (kept.revision ??= readSession(kept));
  }

  lookUser(key: string, now: number): StoredValue | undefined {
    return fresh(this.#revocations, key, now);
  }

  replace({ key, base, rev, value, seconds }: Write): StoredValue | undefined {
    const current = this.#get(key);
    if (current !== undefined && current.rev > base) return current;
    const map = this.#mapOf(key);
    const name = nameOf(key);
    map.delete(name);
    map.set(name, { rev, value, until: Date.now() + seconds * 1000 });
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
    return fresh(this.#mapOf(key), nameOf(key));
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

/**
 * Returns the value that a map has under a name, unless the value has expired.
 *
 * @param now milliseconds since 1970
 */
function fresh(map: Map<string, Kept>, name: string, now = Date.now()): Kept | undefined {
  const kept = map.get(name);
  if (kept === undefined || kept.until > now) return kept;
  map.delete(name);
  return undefined;
}

/**
 * Returns the name under which the maps keep a store key. The keys of a session and of its end
 * (`s:` and `e:`) share one name, the session's id: each request already has it as a string, and
 * building both keys would take half the time of a look-up. All other keys contain a colon, so they
 * never equal an id.
 */
function nameOf(key: string): string {
  return sidOf(key) ?? key;
}
