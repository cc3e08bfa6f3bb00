import type { MaybePromise } from "../maybe.ts";

/** One line of the log: a revocation, or a newer revision. */
export interface LogEntry {
  readonly text: string;
  /** When it may be forgotten, in seconds since 1970. */
  readonly until: number;
}

/** What was added to the log since it was read. */
export interface LogPage {
  readonly entries: readonly string[];
  /** Where to read on. */
  readonly cursor: string;
  /** Whether there is more to be read at once. */
  readonly more: boolean;
  /** Whether the store lost what it had, so that this reads from the start. */
  readonly lost: boolean;
}

/** A write that takes place only where nothing newer is stored. */
export interface Write {
  readonly key: string;
  /** The number that the stored value may begin with at most; above it nothing is written. */
  readonly base: number;
  /** Begins with a number, its revision. */
  readonly value: string;
  /** Seconds until it may be forgotten. */
  readonly seconds: number;
  /** Logged in the same step. */
  readonly entry?: LogEntry | undefined;
}

/**
 * A store that compares before it writes, and that tells what happened: what `memoryStore` and
 * `redisStore` make. Each method either takes place as a whole or not at all.
 */
export interface SessionStore {
  /** Whether it is in this process and answers at once, without a promise. */
  readonly isLocal: boolean;
  get(key: string): MaybePromise<string | undefined>;
  /** Writes; gives the stored value where that is newer and nothing was written. */
  replace(write: Write): MaybePromise<string | undefined>;
  append(entries: readonly LogEntry[]): MaybePromise<void>;
  /** @param cursor where the last page ended; undefined reads from the start */
  read(cursor: string | undefined): MaybePromise<LogPage>;
}

/** Anything with the `get`, `set` and `delete` of Keyv. */
export interface KeyValueStore {
  get(key: string): unknown;
  /** @param milliseconds until it is forgotten */
  set(key: string, value: string, milliseconds: number): unknown;
  delete(key: string): unknown;
}

/** Whether a store has a log. */
export function isSessionStore(store: unknown): store is SessionStore {
  return hasMethods(store, ["get", "replace", "append", "read"]);
}

/** Whether a store has what Keyv has. */
export function isKeyValueStore(store: unknown): store is KeyValueStore {
  return hasMethods(store, ["get", "set", "delete"]);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  const given = value as Record<string, unknown> | null | undefined;
  return names.every((name) => typeof given?.[name] === "function");
}

/** The number that a stored value begins with. */
export function revisionOf(value: string): number {
  return Number.parseInt(value, 10);
}
