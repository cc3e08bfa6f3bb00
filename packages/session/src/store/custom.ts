import { optionError } from "../errors.ts";
import { CONNECT, type ConnectedStore } from "../session/connect.ts";
import { isKeyValueStore, isSessionStore, type KeyValueStore, type SessionStore } from "./store.ts";
import { SessionStorePort } from "./connected-store.ts";

/**
 * Makes a store from an object with Keyv's `get`, `set` and `delete`, or from your own
 * {@link SessionStore}.
 *
 * With Keyv's methods, Galleta asks the store for every opened session, and writes are atomic only
 * within one process.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if the argument is neither
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
      isOthers(store)
        ? OTHERS_STORE
        : "store must be memoryStore(), redisStore(client), or have get, set and delete.",
    );
  }
  const isLocal = isSessionStore(store) && store.isLocal;
  return { isLocal, [CONNECT]: (shared, options) => new SessionStorePort(store, shared, options) };
}

const OTHERS_STORE =
  "store was made for another session library: it has no conditional write, so a logout could be undone. Use redisStore(client), postgresStore(pool) or memoryStore(), and read its sessions with formats: [expressSession({ secret, store })].";

/** True if a store was made for express-session, @fastify/session or koa-session. */
function isOthers(store: unknown): boolean {
  const given = store as Record<string, unknown> | null | undefined;
  return ["get", "set", "destroy"].every((name) => typeof given?.[name] === "function");
}
