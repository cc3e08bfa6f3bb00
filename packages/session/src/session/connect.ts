import { optionError, SessionError } from "../errors.ts";
import type { DevicePort, LivePort, StorePort } from "./ports.ts";
import type { Shared } from "./shared.ts";
import {
  FUNCTION,
  listOf,
  oneOf,
  readOptions,
  SWITCH,
  textThat,
  type Check,
  type Rules,
} from "../validate.ts";

/**
 * The name of the method that connects a store, backplane or device binding to the sessions. The
 * engine does not import these parts, so an app bundles only those that it passes as options.
 */
export const CONNECT: unique symbol = Symbol.for("galleta.connect");

/** A value for the option `store`, such as `memoryStore()` or `redisStore(client)`. */
export interface ConnectedStore {
  /** True if the store is in the memory of this process. */
  readonly isLocal: boolean;
  /**
   * Connects the store to the sessions.
   * @throws SessionError `ERR_SESSION_OPTION` if the option `writeAs` is also set
   */
  [CONNECT](shared: Shared, options: CheckedConnected): StorePort;
}

/** A value for the option `backplane`: `redisBackplane(client)` or `clusterBackplane()`. */
export interface ConnectedBackplane {
  [CONNECT](shared: Shared): LivePort;
}

/** A value for the option `deviceBound`: `deviceBound()` of `@galleta/session/device-bound`. */
export interface ConnectedDevice {
  /**
   * Connects the device binding to the sessions.
   * @throws SessionError `ERR_SESSION_OPTION` if `domain`, `partitioned` or `writeAs` is also set
   */
  [CONNECT](shared: Shared): DevicePort;
}

/** The session options for a store. */
export interface StoreOptions {
  /**
   * Keeps revocations and the newest revision of each session: `memoryStore()` for one process,
   * `redisStore(client)` for several, `sessionStore(keyv)` for an object with Keyv's `get`, `set`
   * and `delete`. Default: none. Without a store, a saved copy of a cookie stays valid until it
   * expires, even after a logout.
   */
  readonly store?: ConnectedStore | undefined;
  /**
   * Where the session's data is kept: in the cookie, or in the store with only an id in the cookie.
   * Default "cookie".
   */
  readonly storage?: "cookie" | "store" | undefined;
  /**
   * What happens while the store fails. With "reject", using the session throws `ERR_SESSION_STORE`
   * (503). With "allow", requests continue with the cookie's data. Default "reject".
   */
  readonly onStoreError?: "reject" | "allow" | undefined;
  /** How many seconds the store may take to answer. Default 1. */
  readonly storeTimeout?: number | undefined;
  /**
   * The field of the session's data that holds the user's id, a string or number. Needed to list or
   * end the sessions of a user, for example with `revokeAll`. Needs `store`.
   */
  readonly subject?: string | undefined;
  /**
   * The fields of the session's data by which `endWhere` finds sessions. A dot leads into nested
   * data: `["oidc.sid"]` is `session.oidc.sid`. The fields contain strings or numbers. Default:
   * none.
   */
  readonly findBy?: readonly string[] | undefined;
  /**
   * How many sessions one user may have, 1 to 100. A further login ends the oldest session. With
   * `{ max, over: "deny" }`, the further login fails instead. Default: no limit. Needs `subject`.
   */
  readonly maxSessions?: number | MaxSessions | undefined;
  /**
   * Your function that makes a session's label from the User-Agent header of its login. Default: no
   * label. Needs `subject`.
   */
  readonly labels?: ((userAgent: string) => string | undefined) | undefined;
}

/** How many sessions one user may have, and what a further login does. */
export interface MaxSessions {
  /** The most sessions that one user may have, 1 to 100. */
  readonly max: number;
  /**
   * What a further login does: "end" ends the oldest session; "deny" throws `ERR_SESSION_LIMIT`
   * (403) when the login is saved. Default "end".
   */
  readonly over?: "end" | "deny";
}

/** The session options for sockets and other processes. */
export interface LiveOptions {
  /**
   * Sends changes of sessions to other processes: `redisBackplane(client)`, `clusterBackplane()`,
   * `sessionBackplane({ ... })`. Default: none, for a single process.
   */
  readonly backplane?: ConnectedBackplane | undefined;
  /**
   * The path to which a page posts a ticket to get a new cookie; `update` on a socket sends the
   * ticket to the page. Default "/.galleta/session"; with `property: "prefs"` it is
   * "/.galleta/session/prefs".
   */
  readonly exchangePath?: string | undefined;
  /**
   * Lets messages from a socket's client prolong its session, as requests do: once a tenth of the
   * lifetime has passed, and up to `absoluteMaxAge`. Needs `rolling`. Default false.
   */
  readonly socketActivity?: boolean | undefined;
}

/** The session option that binds sessions to devices. */
export interface DeviceOptions {
  /**
   * Binds sessions to the device of their browser (experimental): `deviceBound()` of
   * `@galleta/session/device-bound`. Default: none. Without this binding, a copied cookie works on
   * any device.
   */
  readonly deviceBound?: ConnectedDevice | undefined;
}

/** The session options for stores, sockets and devices. */
export interface ConnectedOptions extends StoreOptions, LiveOptions, DeviceOptions {}

/** The checked options, with defaults filled in. */
export interface CheckedConnected extends Pick<
  ConnectedOptions,
  "store" | "subject" | "maxSessions" | "labels" | "backplane" | "deviceBound"
> {
  readonly storage: "cookie" | "store";
  readonly onStoreError: "reject" | "allow";
  readonly findBy: readonly string[];
  /** How many seconds the store may take to answer. */
  readonly storeTimeout: number;
  readonly exchangePath: string;
  readonly socketActivity: boolean;
}

/**
 * The check for an option that only certain functions can make, such as `memoryStore()` for
 * `store`. Their results have a method named `CONNECT`.
 */
const madeBy = (functions: string): Check => [
  (option) => typeof (option as Partial<ConnectedStore> | null)?.[CONNECT] === "function",
  `the result of ${functions}`,
];

const PATH = textThat(
  (path) => path.split(".").every((name) => name !== ""),
  'names of fields, such as "oidc.sid"',
);

const isCount = (value: unknown) =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) <= 100;

const LIMIT: Check = [
  (option) => {
    if (typeof option !== "object" || option === null) return isCount(option);
    const { max, over = "end", ...unknown } = option as MaxSessions;
    const isRight = isCount(max) && (over === "end" || over === "deny");
    return isRight && Object.keys(unknown).length === 0;
  },
  'a whole number from 1 to 100, or { max, over: "end" or "deny" }',
];

const RULES: Rules<CheckedConnected> = {
  store: [
    madeBy("memoryStore(), redisStore(client), sessionStore(object) or another store function"),
  ],
  storage: [oneOf("cookie", "store"), "cookie"],
  onStoreError: [oneOf("reject", "allow"), "reject"],
  storeTimeout: [
    [
      (value) => typeof value === "number" && value > 0 && value <= 60,
      "a number of seconds, at most 60",
    ],
    1,
  ],
  subject: [textThat((name) => name !== "", "the name of a field")],
  findBy: [listOf(PATH), []],
  maxSessions: [LIMIT],
  labels: [FUNCTION],
  backplane: [madeBy("redisBackplane(client), clusterBackplane() or sessionBackplane(object)")],
  deviceBound: [madeBy("deviceBound()")],
  exchangePath: [textThat((path) => /^\/[\w.~/-]+$/.test(path), 'a path such as "/ticket"')],
  socketActivity: [SWITCH, false],
};

/** The names of the session options for stores, sockets and devices. */
export const CONNECTED_OPTION_NAMES = Object.keys(RULES) as readonly (keyof ConnectedOptions)[];

/**
 * Returns the path of one of Galleta's endpoints. If the sessions' option `property` is not
 * "session", its value is added to the path.
 */
export function pathFor(path: string, property: string): string {
  return property === "session" ? path : `${path}/${property}`;
}

/**
 * Checks the options for stores, sockets and devices, and fills in the defaults.
 *
 * @param property the value of the option `property`, such as "session"
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readConnected(options: ConnectedOptions, property: string): CheckedConnected {
  const exchangePath = pathFor("/.galleta/session", property);
  const checked = readOptions<CheckedConnected>(options, RULES, { exchangePath });
  const { store, storage, subject, findBy, maxSessions, labels } = checked;
  const needing = { subject, storage: storage === "store", findBy: findBy.length > 0 };
  for (const [name, isSet] of Object.entries(needing)) {
    if (isSet && store === undefined) throw optionError(`${name} needs the option \`store\`.`);
  }
  for (const [name, option] of Object.entries({ maxSessions, labels })) {
    if (option !== undefined && subject === undefined) {
      throw optionError(
        `${name} needs the option \`subject\`, which names the field with the user id.`,
      );
    }
  }
  return checked;
}

/**
 * Connects the store, the backplane and the device binding to the sessions.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if two options cannot be combined, such as `store` and
 *   `writeAs`
 */
export function connect(shared: Shared, options: CheckedConnected): void {
  const { rolling, writeAs } = shared.settings;
  if (options.socketActivity && (!rolling || writeAs !== undefined)) {
    throw optionError("socketActivity needs `rolling: true` and works only without `writeAs`.");
  }
  shared.store = options.store?.[CONNECT](shared, options);
  shared.live = options.backplane?.[CONNECT](shared);
  shared.device = options.deviceBound?.[CONNECT](shared);
}

/** Makes the error for a feature that needs the options `store` and `subject`. */
export function storeRequired(): SessionError<"ERR_SESSION_STORE_REQUIRED"> {
  return new SessionError(
    "ERR_SESSION_STORE_REQUIRED",
    "To list or end the sessions of a user, set the options `store` and `subject`.",
  );
}
