import { CONNECT, type CheckedConnected, type ConnectedStore } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import { SessionStorePort } from "./connected-store.ts";
import type { SessionStore } from "./store.ts";

/**
 * Adds the method that connects sessions to a store. Only the functions that make stores import its
 * code, so an app without a store does not bundle that code.
 */
export function connected(store: SessionStore): SessionStore & ConnectedStore {
  return Object.assign(store, {
    [CONNECT]: (shared: Shared, options: CheckedConnected) =>
      new SessionStorePort(store, shared, options),
  });
}
