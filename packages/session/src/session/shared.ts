import type { TokenCache } from "../token/cache.ts";
import type { DevicePort, Endpoint, LivePort, StorePort } from "./ports.ts";
import type { ForeignMemory } from "./foreign-memory.ts";
import type { RecentChanges } from "./recent.ts";
import type { RequestFacts } from "./request.ts";
import type { SessionSettings } from "./settings.ts";

/** The state that all requests with the same options share. */
export interface Shared {
  readonly settings: SessionSettings;
  /** True if a session may have to be loaded from a store. */
  readonly loads: boolean;
  /** The option `exchangePath`, for the code of sockets. */
  readonly exchangePath: string;
  /** The option `socketActivity`: messages on sockets prolong sessions. */
  readonly socketActivity: boolean;
  /** The routes that the sessions answer themselves, by path. */
  readonly endpoints: Map<string, Endpoint>;
  readonly cache: TokenCache;
  readonly recent: RecentChanges;
  readonly foreign: ForeignMemory;
  /** True if a request came over TLS. Reads a proxy's headers if `trustProxy` allows it. */
  readonly isSecure: (request: RequestFacts) => boolean;
  /**
   * Returns the origin that a request was sent to; `undefined` if its Host is invalid or not
   * allowed.
   */
  readonly ownOrigin: (request: RequestFacts) => string | undefined;
  /** True if the option `trustProxy` was given, even as false. */
  readonly knowsProxies: boolean;
  /** The store, if any. Set once, at set-up. */
  store: StorePort | undefined;
  /** The connection to sockets and other processes, if any. */
  live: LivePort | undefined;
  /** Device binding, if the option is set. */
  device: DevicePort | undefined;
}
