import { SessionError } from "../errors.ts";
import { revisionOf, type KeyValueStore, type Write } from "./store.ts";

/**
 * What a store without compare-and-set can do: within this process writes of one key wait for each
 * other; two processes may still overwrite each other's change of the same moment.
 */
export class KeyValueAccess {
  readonly #store: KeyValueStore;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  async get(key: string): Promise<string | undefined> {
    const value: unknown = await this.#store.get(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    throw new SessionError("ERR_SESSION_STORE", "The store gave something else than it was given.");
  }

  /** As `replace` of a session store, but atomic within this process alone. */
  async replace(write: Write): Promise<string | undefined> {
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

  async #replace({ key, base, value, seconds }: Write): Promise<string | undefined> {
    const current = await this.get(key);
    if (current !== undefined && revisionOf(current) > base) return current;
    // Keyv says with false that its own store failed, and throws nothing.
    if ((await this.#store.set(key, value, seconds * 1000)) === false) {
      throw new SessionError("ERR_SESSION_STORE", "The store did not keep what it was given.");
    }
    return undefined;
  }
}
