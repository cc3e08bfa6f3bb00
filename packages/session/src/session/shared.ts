import type { TokenCache } from "../token/cache.ts";
import type { DevicePort, Endpoint, LivePort, StorePort } from "./ports.ts";
import type { ForeignMemory } from "./foreign-memory.ts";
import type { RecentChanges } from "./recent.ts";
import type { RequestFacts } from "./request.ts";
import type { SessionSettings } from "./settings.ts";

/** What all requests share whose sessions have the same options. It is made once, at set-up. */
export interface Shared {
  readonly settings: SessionSettings;
  /** True if a store, of Galleta or of another framework, may have to be asked for a session. */
  readonly loads: boolean;
  /**
   * The option `exchangePath`: the path where a page exchanges the ticket of an `update` for a new
   * cookie.
   */
  readonly exchangePath: string;
  /** The option `socketActivity`: true if messages on sockets prolong sessions. */
  readonly socketActivity: boolean;
  /** The routes that Galleta answers without calling the app, by path. */
  readonly endpoints: Map<string, Endpoint>;
  readonly cache: TokenCache;
  readonly recent: RecentChanges;
  readonly foreign: ForeignMemory;
  /**
   * Returns true if a request came over TLS. With the option `trustProxy`, the headers of a trusted
   * proxy decide.
   */
  readonly isSecure: (request: RequestFacts) => boolean;
  /**
   * Returns the origin of this site, as a request addressed it; `undefined` if the Host is invalid
   * or not allowed.
   */
  readonly ownOrigin: (request: RequestFacts) => string | undefined;
  /** True if the app set the option `trustProxy`, even to false. */
  readonly knowsProxies: boolean;
  /** The session store; undefined without one. It is set once, at set-up. */
  store: StorePort | undefined;
  /** Passes changes of sessions to sockets and other processes; undefined if this is not used. */
  live: LivePort | undefined;
  /** The methods of device binding; undefined without the option `deviceBound`. */
  device: DevicePort | undefined;
}
