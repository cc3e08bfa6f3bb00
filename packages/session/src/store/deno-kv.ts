import { optionError, SessionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

interface Entry {
  readonly value: unknown;
  readonly versionstamp: string | null;
}

type Key = readonly string[];

/** The part of a Deno KV atomic operation that the store uses. */
export interface DenoKvAtomic {
  check(entry: { readonly key: string[]; readonly versionstamp: string | null }): DenoKvAtomic;
  set(key: string[], value: unknown, options: { readonly expireIn: number }): DenoKvAtomic;
  commit(): Promise<{ readonly ok: boolean }>;
}

/** The part of a Deno KV database that the store uses. */
export interface DenoKv {
  getMany(keys: never): Promise<readonly Entry[]>;
  atomic(): unknown;
}

/** Options of {@link denoKvStore}. */
export interface DenoKvStoreOptions {
  /** The first part of every key. Default `galleta`. */
  readonly prefix?: string;
}

interface Head {
  readonly rev: number;
  readonly value: string;
  /**
   * When the value expires, in milliseconds since 1970. Deno KV may delete the value later, so a
   * reader compares this time with the clock.
   */
  readonly until: number;
  /** How many further entries of Deno KV hold the rest of a long value. */
  readonly more: number;
}

/** The most keys that Deno KV reads in one call. */
const READS = 10;
/**
 * The most characters of a value in one entry: 60,000 bytes at two bytes each. Deno KV allows 64
 * KiB, so the other fields fit too.
 */
const PIECE = 30_000;
const ATTEMPTS = 100;
/**
 * If another process has locked the database file, a write is repeated after a random wait of at
 * most this many milliseconds.
 */
const LOCKED_MS = 20;

/**
 * A store in Deno KV, on one machine or on Deno Deploy. Each change is an atomic operation.
 *
 * @param kv an open database from `Deno.openKv()`
 * @throws SessionError `ERR_SESSION_OPTION` if the argument is not such a database
 * @example
 * ```ts
 * // const kv = await Deno.openKv();
 * const sessions = createSessions({ secretKey, store: denoKvStore(kv), subject: "userId" });
 * ```
 */
export function denoKvStore(
  kv: DenoKv,
  { prefix = "galleta" }: DenoKvStoreOptions = {},
): SessionStore & ConnectedStore {
  if (typeof kv?.getMany !== "function" || typeof kv.atomic !== "function") {
    throw optionError(
      "denoKvStore needs an open database, as in denoKvStore(await Deno.openKv()).",
    );
  }
  if (typeof prefix !== "string" || prefix === "") throw optionError("prefix must be a string.");
  return connected(new DenoKvStore(kv, prefix));
}

class DenoKvStore implements SessionStore {
  readonly isLocal = false;
  readonly #kv: DenoKv;
  readonly #prefix: string;

  constructor(kv: DenoKv, prefix: string) {
    this.#kv = kv;
    this.#prefix = prefix;
  }

  async get(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const entries = await this.#readAll(keys.map((key) => [this.#prefix, key]));
    return Promise.all(keys.map((key, i) => this.#complete(key, entries[i])));
  }

  async replace(write: Write): Promise<StoredValue | undefined> {
    for (let i = 0; i < ATTEMPTS; i += 1) {
      const name = [this.#prefix, write.key];
      const [head] = await this.#readAll([name]);
      const current = await this.#complete(write.key, head);
      if (current !== undefined && current.rev > write.base) return current;
      try {
        if (await this.#commit(name, write, head?.versionstamp ?? null)) return undefined;
      } catch (error) {
        // Another process is writing to the same file. Nothing was written, and Deno KV does not
        // try again by itself.
        if (!String(error).includes("database is locked") || i === ATTEMPTS - 1) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * LOCKED_MS));
      }
    }
    throw tooBusy();
  }

  async #commit(name: Key, { rev, value, seconds }: Write, versionstamp: string | null) {
    const expireIn = seconds * 1000;
    const pieces = piecesOf(value);
    const more = pieces.length - 1;
    const head: Head = { rev, value: pieces[0]!, until: Date.now() + expireIn, more };
    let atomic = this.#kv.atomic() as DenoKvAtomic;
    atomic = atomic.check({ key: [...name], versionstamp }).set([...name], head, { expireIn });
    for (let i = 1; i < pieces.length; i += 1) {
      atomic = atomic.set([...name, `${i}`], pieces[i], { expireIn });
    }
    return (await atomic.commit()).ok;
  }

  /**
   * Reads the further entries of a long value, and joins them to the first. If another process
   * changed the value between the reads, reads all entries again.
   */
  async #complete(key: string, entry: Entry | undefined): Promise<StoredValue | undefined> {
    const name = [this.#prefix, key];
    let found = entry;
    for (let i = 0; i < ATTEMPTS; i += 1) {
      const head = found?.value as Head | null | undefined;
      if (!head || head.until <= Date.now()) return undefined;
      const { rev, value, more } = head;
      if (more === 0) return { rev, value };
      const rest = await this.#readAll(
        Array.from({ length: more }, (_, n) => [...name, `${n + 1}`]),
      );
      const stamp = found?.versionstamp;
      if (rest.every(({ versionstamp }) => versionstamp === stamp)) {
        return { rev, value: value + rest.map((piece) => piece.value).join("") };
      }
      // Another process wrote the key between the two reads.
      [found] = await this.#readAll([name]);
    }
    throw tooBusy();
  }

  async #readAll(keys: readonly Key[]): Promise<readonly Entry[]> {
    const groups = [];
    for (let i = 0; i < keys.length; i += READS) groups.push(keys.slice(i, i + READS));
    return (await Promise.all(groups.map((group) => this.#kv.getMany(group as never)))).flat();
  }
}

function piecesOf(value: string): string[] {
  const pieces = [];
  for (let i = 0; i === 0 || i < value.length; i += PIECE) pieces.push(value.slice(i, i + PIECE));
  return pieces;
}

function tooBusy(): SessionError<"ERR_SESSION_STORE"> {
  return new SessionError(
    "ERR_SESSION_STORE",
    "Other processes kept changing the same key in Deno KV, so nothing was read or written. Try again.",
    { status: 503 },
  );
}
