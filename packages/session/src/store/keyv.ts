import { SessionError } from "../errors.ts";
import type { KeyValueStore, SessionStore, StoredValue, Write } from "./store.ts";

/**
 * Makes a session store from `get` and `set`. Within this process, writes of one key run one after
 * the other. If two processes write at the same moment, one change can still overwrite the other.
 */
export class KeyValueAccess implements SessionStore {
  readonly isLocal = false;
  readonly #store: KeyValueStore;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  get(keys: readonly string[]): Promise<readonly (StoredValue | undefined)[]> {
    return Promise.all(keys.map((key) => this.#get(key)));
  }

  async replace(write: Write): Promise<StoredValue | undefined> {
    const before = this.#queues.get(write.key) ?? Promise.resolve();
    const mine = before.then(
      () => this.#replace(write),
      () => this.#replace(write),
    );
    this.#queues.set(write.key, mine);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(write.key) === mine) this.#queues.delete(write.key);
    }
  }

  async #get(key: string): Promise<StoredValue | undefined> {
    const text: unknown = await this.#store.get(key);
    if (text === undefined || text === null) return undefined;
    const at = typeof text === "string" ? text.indexOf(" ") : -1;
    const rev = at > 0 ? Number((text as string).slice(0, at)) : Number.NaN;
    if (Number.isSafeInteger(rev)) return { rev, value: (text as string).slice(at + 1) };
    throw new SessionError(
      "ERR_SESSION_STORE",
      "The store returned a value that Galleta did not write. Give sessions their own namespace.",
      { status: 503 },
    );
  }

  async #replace({ key, base, rev, value, seconds }: Write): Promise<StoredValue | undefined> {
    const current = await this.#get(key);
    if (current !== undefined && current.rev > base) return current;
    // If the database behind it fails, Keyv returns false and does not throw.
    if ((await this.#store.set(key, `${rev} ${value}`, seconds * 1000)) === false) {
      throw new SessionError(
        "ERR_SESSION_STORE",
        "The store did not keep a value: its method `set` returned false. Check the database behind the store.",
      );
    }
    return undefined;
  }
}
