import { optionError } from "../errors.ts";
import type { StoreOptions } from "../session/connect.ts";
import { oneOf, readOptions, type Rules } from "../session/option-rules.ts";

/** The options of a store, checked, with their defaults. */
export interface StoreSettings {
  readonly storage: "cookie" | "store";
  readonly onStoreError: "reject" | "allow";
  /** Seconds. */
  readonly storeTimeout: number;
  readonly subject?: string | undefined;
}

const RULES: Rules<StoreSettings> = {
  storage: [oneOf("cookie", "store"), "cookie"],
  onStoreError: [oneOf("reject", "allow"), "reject"],
  storeTimeout: [
    [
      (value) => typeof value === "number" && value > 0 && value <= 60,
      "seconds above 0, 60 at most",
    ],
    1,
  ],
  subject: [
    [(value) => typeof value === "string" && value !== "", "the name of a field of the session"],
  ],
};

/**
 * Checks the options of the store.
 *
 * @param sharesCookie whether `writeAs` is given
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readStoreOptions(options: StoreOptions, sharesCookie: boolean): StoreSettings {
  const checked = readOptions(options, RULES);
  if (!sharesCookie) return checked;
  throw optionError("store and writeAs exclude each other: a shared cookie has no id.");
}
