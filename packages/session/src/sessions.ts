import { Sessions } from "./engine.ts";
import type { SessionOptions } from "./set-up.ts";
import { sessionBackplane } from "./live/session-backplane.ts";
import type { Backplane } from "./live/backplane.ts";
import { live } from "./live/live.ts";
import {
  CONNECT,
  type ConnectedBackplane,
  type ConnectedDevice,
  type ConnectedStore,
} from "./session/connect.ts";
import type { SessionData } from "./session/data.ts";
import { deviceBound } from "./device/option.ts";
import type { DeviceBoundSettings } from "./device/settings.ts";
import { sessionStore } from "./store/custom.ts";
import type { KeyValueStore, SessionStore } from "./store/store.ts";

/**
 * The options of {@link createSessions}. They are those of {@link SessionOptions}, but a store, a
 * backplane and the settings of device binding may also be given as plain objects.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- options without a schema fit any data
export interface CreateSessionsOptions<Data = any> extends Omit<
  SessionOptions<Data>,
  "store" | "backplane" | "deviceBound"
> {
  /** A store such as `memoryStore()`, or any object with Keyv's `get`, `set` and `delete`. */
  readonly store?: ConnectedStore | KeyValueStore | SessionStore | undefined;
  /**
   * A backplane such as `clusterBackplane()`, or an object with `publish`, `subscribe` and `close`.
   */
  readonly backplane?: ConnectedBackplane | Backplane | undefined;
  /**
   * Binds sessions to a device: the result of `deviceBound()`, its settings, or `true` for the
   * default settings.
   */
  readonly deviceBound?: ConnectedDevice | DeviceBoundSettings | boolean | undefined;
}

/**
 * Sets up sessions with all features. Call it once and give the result to every adapter, for HTTP
 * and sockets.
 *
 * If you give an adapter the options instead, the adapter loads only the code that these options
 * need. Then a page cannot exchange tickets (changes by `update` on a socket or stream) for a new
 * cookie, and `store` and `backplane` must be the result of a function such as `memoryStore()`.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if an option is unknown or wrong, `ERR_SESSION_KEY` if
 *   the key is missing or too weak for production
 * @example
 * ```ts
 * const sessions = createSessions({ secretKey: process.env.SECRET_KEY ?? "" });
 * const context = sessions.open(request.headers.get("cookie"));
 * context.session.views = 1;
 * applyCommit(await context.commit(), response.headers);
 * ```
 */
export function createSessions<Data = SessionData>(
  options: CreateSessionsOptions<Data>,
): Sessions<Data> {
  return live(new Sessions<Data>(withFactories(options)));
}

/**
 * Wraps a store, a backplane or device settings that are plain objects. If the options themselves
 * are not an object, they are returned unchanged: the constructor of {@link Sessions} throws for
 * them.
 */
function withFactories<Data>(options: CreateSessionsOptions<Data>): SessionOptions<Data> {
  const { store, backplane, deviceBound: device } = options ?? {};
  if (!needsFactory(store) && !needsFactory(backplane) && !needsFactory(device))
    return options as SessionOptions<Data>;
  return {
    ...(options as SessionOptions<Data>),
    ...(needsFactory(device) && {
      deviceBound: toDevice(device as DeviceBoundSettings | boolean),
    }),
    ...(needsFactory(store) && { store: sessionStore(store as KeyValueStore) }),
    ...(needsFactory(backplane) && { backplane: sessionBackplane(backplane as Backplane) }),
  };
}

function toDevice(device: DeviceBoundSettings | boolean): ConnectedDevice | undefined {
  if (device === false) return undefined;
  return deviceBound(device === true ? {} : device);
}

/**
 * True if an option is a plain object that must be wrapped, such as a store with only `get`, `set`
 * and `delete`.
 */
function needsFactory(option: unknown): boolean {
  return (
    option !== undefined && (option as Partial<ConnectedStore> | null)?.[CONNECT] === undefined
  );
}
