import { SessionError } from "../errors.ts";
import type { StoreOptions } from "../session/connect.ts";

/** The options, checked. */
export interface StoreSettings {
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
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readStoreOptions(options: StoreOptions, sharesCookie: boolean): StoreSettings {
  const { storage = "cookie", onStoreError = "reject", storeTimeout = 1, subject } = options;
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
  if (sharesCookie) throw fault("store and writeAs exclude each other: a shared cookie has no id.");
  return {
    keepsData: storage === "store",
    isOptional: onStoreError === "allow",
    timeout: storeTimeout * 1000,
    subject,
  };
}
