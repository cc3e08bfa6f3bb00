import { optionError } from "../errors.ts";
import { CONNECT, type ConnectedStore } from "../session/connect.ts";
import { isKeyValueStore, isSessionStore, type KeyValueStore, type SessionStore } from "./store.ts";
import { SessionStorePort } from "./connected-store.ts";

/**
 * A store of what you have: anything with Keyv's `get`, `set` and `delete`, or a
 * {@link SessionStore} of your own. Keyv has no log that could be followed, so it is asked for every
 * session that is opened, and its writes are atomic within one process alone.
 *
 * @throws SessionError `ERR_SESSION_OPTION` when it is neither
 * @example
 * ```ts
 * import { Keyv } from "keyv";
 * const store = sessionStore(new Keyv());
 * const sessions = new Sessions({ secretKey, store, subject: "userId" });
 * ```
 */
export function sessionStore(store: KeyValueStore | SessionStore): ConnectedStore {
  if (!isSessionStore(store) && !isKeyValueStore(store)) {
    throw optionError(
      "store must be memoryStore(), redisStore(client), or have get, set and delete.",
    );
  }
  const isLocal = isSessionStore(store) && store.isLocal;
  return { isLocal, [CONNECT]: (shared, options) => new SessionStorePort(store, shared, options) };
}
