import { optionError, SessionError } from "../errors.ts";
import type { DevicePort, LivePort, StorePort } from "./ports.ts";
import type { Shared } from "./shared.ts";
import { oneOf, readOptions, textThat, type Check, type Rules } from "../validate.ts";

/**
 * The method by which an option brings the code that works with it: an app without a store and
 * without sockets does not carry what serves them.
 */
export const CONNECT: unique symbol = Symbol.for("galleta.connect");

/** What the option `store` takes: `memoryStore()`, `redisStore(client)`, `sessionStore(keyv)`. */
export interface ConnectedStore {
  /** Whether it is in the memory of this process alone. */
  readonly isLocal: boolean;
  /** @throws SessionError `ERR_SESSION_OPTION` beside `writeAs` */
  [CONNECT](shared: Shared, options: CheckedConnected): StorePort;
}

/** What the option `backplane` takes: `redisBackplane(client)`, `clusterBackplane()`. */
export interface ConnectedBackplane {
  [CONNECT](shared: Shared): LivePort;
}

/** What the option `deviceBound` takes: `deviceBound()` of `@galleta/session/device-bound`. */
export interface ConnectedDevice {
  /** @throws SessionError `ERR_SESSION_OPTION` beside an option that excludes it */
  [CONNECT](shared: Shared): DevicePort;
}

/** The options of sessions that concern a store. */
export interface StoreOptions {
  /**
   * Where revocations and the newest revisions are kept: `memoryStore()` for one process,
   * `redisStore(client)` for many, `sessionStore(keyv)` for anything with Keyv's `get`, `set` and
   * `delete`. Default: none; then a saved copy of a cookie stays good until it expires.
   */
  readonly store?: ConnectedStore | undefined;
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

/** The options of sessions that concern sockets and other processes. */
export interface LiveOptions {
  /**
   * Tells other processes what happened to sessions: `redisBackplane(client)`,
   * `clusterBackplane()`, `sessionBackplane({ ... })`. Default: none, for one process alone.
   */
  readonly backplane?: ConnectedBackplane | undefined;
  /** Where pages exchange the tickets of `update`. Default "/.galleta/session". */
  readonly exchangePath?: string | undefined;
}

/** The option of sessions that concerns the device of a browser. */
export interface DeviceOptions {
  /**
   * Binds sessions to the device of their browser (experimental): `deviceBound()` of
   * `@galleta/session/device-bound`. Default: a cookie that was copied works anywhere.
   */
  readonly deviceBound?: ConnectedDevice | undefined;
}

/** The options whose code comes with them. */
export interface ConnectedOptions extends StoreOptions, LiveOptions, DeviceOptions {}

/** The same, checked, with their defaults. */
export interface CheckedConnected extends Pick<
  ConnectedOptions,
  "store" | "subject" | "backplane" | "deviceBound"
> {
  readonly storage: "cookie" | "store";
  readonly onStoreError: "reject" | "allow";
  /** Seconds. */
  readonly storeTimeout: number;
  readonly exchangePath: string;
}

const FROM_FACTORY: Check = [
  (option) => typeof (option as Partial<ConnectedStore> | null)?.[CONNECT] === "function",
  "made by a factory; see sessionStore, sessionBackplane and deviceBound",
];

const RULES: Rules<CheckedConnected> = {
  store: [FROM_FACTORY],
  storage: [oneOf("cookie", "store"), "cookie"],
  onStoreError: [oneOf("reject", "allow"), "reject"],
  storeTimeout: [
    [(value) => typeof value === "number" && value > 0 && value <= 60, "seconds, 60 at most"],
    1,
  ],
  subject: [textThat((name) => name !== "", "the name of a field")],
  backplane: [FROM_FACTORY],
  deviceBound: [FROM_FACTORY],
  exchangePath: [
    textThat((path) => /^\/[\w.~/-]+$/.test(path), "a plain path"),
    "/.galleta/session",
  ],
};

/** Every option of {@link ConnectedOptions}. */
export const CONNECTED_OPTION_NAMES = Object.keys(RULES) as readonly (keyof ConnectedOptions)[];

/**
 * Checks the options whose code comes with them.
 *
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readConnected(options: ConnectedOptions): CheckedConnected {
  const checked = readOptions<CheckedConnected>(options, RULES);
  const { store, storage, subject } = checked;
  if (store === undefined && (storage === "store" || subject !== undefined)) {
    throw optionError(`${subject === undefined ? "storage" : "subject"} needs a store.`);
  }
  return checked;
}

/**
 * Gives what sessions share their store and their backplane.
 *
 * @throws SessionError `ERR_SESSION_OPTION` where a store stands beside `writeAs`
 */
export function connect(shared: Shared, options: CheckedConnected): void {
  shared.store = options.store?.[CONNECT](shared, options);
  shared.live = options.backplane?.[CONNECT](shared);
  shared.device = options.deviceBound?.[CONNECT](shared);
}

/** The error of what needs the option `store`, and with it `subject`. */
export function storeRequired(): SessionError<"ERR_SESSION_STORE_REQUIRED"> {
  return new SessionError(
    "ERR_SESSION_STORE_REQUIRED",
    "To end the sessions of a user, set the options store and subject.",
  );
}
