import type { TokenCache } from "../token/cache.ts";
import type { DevicePort, Endpoint, LivePort, StorePort } from "./ports.ts";
import type { ForeignMemory } from "./foreign-memory.ts";
import type { RecentChanges } from "./recent.ts";
import type { RequestFacts } from "./request.ts";
import type { SessionSettings } from "./settings.ts";

/** What the requests of one set of options share. */
export interface Shared {
  readonly settings: SessionSettings;
  /** The option of that name, for whoever makes the sessions live. */
  readonly exchangePath: string;
  /** What the sessions answer themselves, by path. */
  readonly endpoints: Map<string, Endpoint>;
  readonly cache: TokenCache;
  readonly recent: RecentChanges;
  readonly foreign: ForeignMemory;
  /** Whether a request came over TLS, as far as `trustProxy` lets a proxy say. */
  readonly isSecure: (request: RequestFacts) => boolean;
  /** The origin that a request was sent to; `undefined` where its Host is not valid or not allowed. */
  readonly ownOrigin: (request: RequestFacts) => string | undefined;
  /** Whether the option `trustProxy` was given, be it as false. */
  readonly knowsProxies: boolean;
  /** The store, where there is one. Set once, at set-up. */
  store: StorePort | undefined;
  /** Sockets and other processes, where there are any. */
  live: LivePort | undefined;
  /** What binds sessions to devices, where the option is set. */
  device: DevicePort | undefined;
}
