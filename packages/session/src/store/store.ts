import type { MaybePromise } from "../maybe.ts";
import type { ENDED, Revision } from "../session/records.ts";

/** A value that a store holds under a key, and the value's revision. */
export interface StoredValue {
  /** The revision: a whole number, at most `Number.MAX_SAFE_INTEGER`. */
  readonly rev: number;
  readonly value: string;
}

/** A write that succeeds only if the key has no newer value. */
export interface Write extends StoredValue {
  /** The key: at most 64 characters of letters, digits, `-`, `_` and `:`. */
  readonly key: string;
  /** The highest revision that may be replaced. A key without a value has revision 0. */
  readonly base: number;
  /** After this many seconds the store may forget the value. */
  readonly seconds: number;
}

/**
 * A store that compares revisions before it writes: `memoryStore`, `redisStore`, `postgresStore`,
 * `sqliteStore`, or your own. Test your own with `storeCases` of `@galleta/session/testing`.
 */
export interface SessionStore {
  /** True if the store is inside this process and answers without a promise. */
  readonly isLocal: boolean;
  /**
   * Reads several keys in one round trip.
   * @returns one item per key, in order; `undefined` for a key without a value
   */
  get(keys: readonly string[]): MaybePromise<readonly (StoredValue | undefined)[]>;
  /**
   * Writes the value, unless the key's revision is above `base`. Compares and writes in one atomic
   * step.
   *
   * @returns `undefined` if it wrote; otherwise the stored value, which the key keeps
   */
  replace(write: Write): MaybePromise<StoredValue | undefined>;
  /**
   * Calls `onWrite` with the key of every write, until the returned function is called. Optional,
   * and only for a store in this process.
   */
  watch?(onWrite: (key: string) => void): () => void;
  /**
   * Optional: looks for a setting of the database that endangers sessions.
   *
   * @returns the problem, which becomes the `reason` of the event `store`; `undefined` if there is
   *   none
   */
  inspect?(): MaybePromise<string | undefined>;
}

/** A store in this process that finds a session by its id, without building keys: `memoryStore`. */
export interface LookingStore extends SessionStore {
  /**
   * Returns a session's newest revision; `ENDED` if the session has ended, `undefined` if the store
   * does not have it.
   *
   * @param now milliseconds since 1970
   */
  look(sid: string, now: number): Revision | typeof ENDED | undefined;
  /**
   * Returns the value of a user's key.
   *
   * @param now milliseconds since 1970
   */
  lookUser(key: string, now: number): StoredValue | undefined;
}

/** True if a store has the methods of {@link LookingStore}. */
export function isLooking(store: SessionStore): store is LookingStore {
  return hasMethods(store, ["look", "lookUser"]);
}

/** An object with the `get`, `set` and `delete` of Keyv. */
export interface KeyValueStore {
  get(key: string): unknown;
  /** @param milliseconds after this time the value may be forgotten */
  set(key: string, value: string, milliseconds: number): unknown;
  delete(key: string): unknown;
}

/** True for a store that compares revisions before it writes. */
export function isSessionStore(store: unknown): store is SessionStore {
  return hasMethods(store, ["get", "replace"]);
}

/** True for a store with the methods of Keyv. */
export function isKeyValueStore(store: unknown): store is KeyValueStore {
  return hasMethods(store, ["get", "set", "delete"]);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  const given = value as Record<string, unknown> | null | undefined;
  return names.every((name) => typeof given?.[name] === "function");
}
