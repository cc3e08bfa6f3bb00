import { SessionError } from "../errors.ts";
import type { KeyValueStore, SessionStore } from "./store.ts";

/** The options of sessions that concern a store. */
export interface StoreOptions {
  /**
   * Where revocations and the newest revisions are kept: `memoryStore()` for one process,
   * `redisStore(client)` for many, or anything with Keyv's `get`, `set` and `delete`. Default: none;
   * then a saved copy of a cookie stays good until it expires.
   */
  readonly store?: SessionStore | KeyValueStore | undefined;
  /** Where the data is: in the cookie, or in the store with only an id in the cookie. Default "cookie". */
  readonly storage?: "cookie" | "store" | undefined;
  /**
   * What becomes of requests while the store fails: "reject" lets the use of the session throw
   * `ERR_SESSION_STORE` (503), "allow" goes on with what the cookie says. Default "reject".
   */
  readonly onStoreError?: "reject" | "allow" | undefined;
  /** Seconds that the store may take for one answer. Default 1. */
  readonly storeTimeout?: number | undefined;
  /** The field of the data that tells whose session it is, for `revokeAll`: text or a number. */
  readonly subject?: string | undefined;
}

/** Every option of {@link StoreOptions}. */
export const STORE_OPTION_NAMES = [
  "store",
  "storage",
  "onStoreError",
  "storeTimeout",
  "subject",
] as const satisfies readonly (keyof StoreOptions)[];

/** The options, checked. */
export interface StoreSettings {
  readonly store: SessionStore | KeyValueStore;
  readonly keepsData: boolean;
  readonly isOptional: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly subject: string | undefined;
}

const fault = (message: string) => new SessionError("ERR_SESSION_OPTION", message);

/**
 * Checks the options of the store.
 *
 * @param sharesCookie whether `writeAs` is given
 * @returns `undefined` where there is no store
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readStoreOptions(
  options: StoreOptions,
  sharesCookie: boolean,
): StoreSettings | undefined {
  const { store, storage = "cookie", onStoreError = "reject", storeTimeout = 1, subject } = options;
  if (storage !== "cookie" && storage !== "store") {
    throw fault('storage must be "cookie" or "store".');
  }
  if (onStoreError !== "reject" && onStoreError !== "allow") {
    throw fault('onStoreError must be "reject" or "allow".');
  }
  if (typeof storeTimeout !== "number" || !(storeTimeout > 0 && storeTimeout <= 60)) {
    throw fault("storeTimeout must be a number of seconds above 0, 60 at most.");
  }
  if (subject !== undefined && (typeof subject !== "string" || subject === "")) {
    throw fault("subject must be the name of a field of the session.");
  }
  if (store === undefined) {
    if (storage === "store") throw fault('storage: "store" needs a store.');
    if (subject !== undefined) throw fault("subject needs a store.");
    return undefined;
  }
  const methods = ["get", "set", "delete"] as const;
  const given = store as Partial<KeyValueStore & SessionStore> | null;
  const isOurs = typeof given?.replace === "function" && typeof given.read === "function";
  if (!isOurs && !methods.every((name) => typeof given?.[name] === "function")) {
    throw fault("store must be memoryStore(), redisStore(client), or have get, set and delete.");
  }
  if (sharesCookie) throw fault("store and writeAs exclude each other: a shared cookie has no id.");
  return {
    store,
    keepsData: storage === "store",
    isOptional: onStoreError === "allow",
    timeout: storeTimeout * 1000,
    subject,
  };
}
