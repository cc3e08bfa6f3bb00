import { CONNECT, type CheckedConnected, type ConnectedStore } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import { SessionStorePort } from "./connected-store.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";
import type { MaybePromise } from "../maybe.ts";

/** What the stores of this package share: each brings the code that sessions need with a store. */
export abstract class BaseStore implements SessionStore, ConnectedStore {
  readonly isLocal: boolean = false;

  abstract get(keys: readonly string[]): MaybePromise<readonly (StoredValue | undefined)[]>;

  abstract replace(write: Write): MaybePromise<StoredValue | undefined>;

  [CONNECT](shared: Shared, options: CheckedConnected): SessionStorePort {
    return new SessionStorePort(this, shared, options);
  }
}
