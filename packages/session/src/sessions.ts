import { Sessions, type SessionOptions } from "./engine.ts";
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

/** What {@link createSessions} takes: the options of sessions, and stores and backplanes as they are. */
// oxlint-disable-next-line typescript/no-explicit-any -- options of no schema are for any data
export interface CreateSessionsOptions<Data = any> extends Omit<
  SessionOptions<Data>,
  "store" | "backplane" | "deviceBound"
> {
  /** As of {@link SessionOptions}, or anything with Keyv's `get`, `set` and `delete`. */
  readonly store?: ConnectedStore | KeyValueStore | SessionStore | undefined;
  /** As of {@link SessionOptions}, or anything with `publish`, `subscribe` and `close`. */
  readonly backplane?: ConnectedBackplane | Backplane | undefined;
  /** As of {@link SessionOptions}, `true`, or the settings of `deviceBound()`. */
  readonly deviceBound?: ConnectedDevice | DeviceBoundSettings | boolean | undefined;
}

/**
 * Sets sessions up, once for an app, with all that there is: give them to every adapter that shares
 * them, over HTTP and for sockets. An adapter that is given options instead carries only the code
 * that they bring: no tickets are exchanged there, and `store` and `backplane` come from a factory.
 *
 * @throws SessionError `ERR_SESSION_OPTION` when an option is unknown or wrong, `ERR_SESSION_KEY`
 * when the key is missing or too weak for production
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

/** What is no object at all is left to the sessions to refuse. */
function withFactories<Data>(options: CreateSessionsOptions<Data>): SessionOptions<Data> {
  const { store, backplane, deviceBound: device } = options ?? {};
  if (!isBare(store) && !isBare(backplane) && !isBare(device))
    return options as SessionOptions<Data>;
  return {
    ...(options as SessionOptions<Data>),
    ...(isBare(device) && { deviceBound: toDevice(device as DeviceBoundSettings | boolean) }),
    ...(isBare(store) && { store: sessionStore(store as KeyValueStore) }),
    ...(isBare(backplane) && { backplane: sessionBackplane(backplane as Backplane) }),
  };
}

function toDevice(device: DeviceBoundSettings | boolean): ConnectedDevice | undefined {
  if (device === false) return undefined;
  return deviceBound(device === true ? {} : device);
}

function isBare(option: unknown): boolean {
  return (
    option !== undefined && (option as Partial<ConnectedStore> | null)?.[CONNECT] === undefined
  );
}
