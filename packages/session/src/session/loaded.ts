import type { TokenCache } from "../token/cache.ts";
import { NEVER, type Times } from "../token/header.ts";
import { newSessionId } from "../token/token.ts";
import type { Endpoint } from "./endpoint.ts";
import type { JsonObject, RejectReason } from "./format.ts";
import type { Hub } from "./hub.ts";
import type { Ledger } from "./ledger.ts";
import type { RequestFacts } from "./request.ts";
import type { SessionSettings } from "./settings.ts";
import type { Vault } from "./vault.ts";

/** What the requests of one set of options share. */
export interface Shared {
  readonly settings: SessionSettings;
  /** The option of that name, for whoever makes the sessions live. */
  readonly exchangePath: string;
  /** What the sessions answer themselves, by path. */
  readonly endpoints: Map<string, Endpoint>;
  readonly cache: TokenCache;
  readonly ledger: Ledger;
  /** Whether a request came over TLS, as far as `trustProxy` lets a proxy say. */
  readonly isSecure: (request: RequestFacts) => boolean;
  /** The store, where there is one. Set once, at set-up. */
  vault: Vault | undefined;
  /** Sockets and other processes, where there are any. */
  hub: Hub | undefined;
}

/** The session as the request brought it. */
export interface Loaded extends Times {
  readonly sid: string;
  readonly rev: number;
  /** The data as it was issued. Requests share it where nothing in it is nested. */
  data: Readonly<JsonObject>;
  readonly meta: JsonObject;
  /** The JSON as it was issued; what is different at the end was changed. Empty when new. */
  readonly json: string;
  /** Whether nothing in the data is nested, so that it still is as it was issued. */
  readonly isFlat?: boolean;
  readonly isNew: boolean;
  /** It must be issued again although nothing changed: an old key, another format or kind. */
  readonly reissue: boolean;
  /** Position of the key that verified it. */
  readonly keyIndex: number;
  /** Why the cookie was refused. */
  readonly rejected?: RejectReason | "revoked" | undefined;
  /** The token that it came in, where that was in one piece; cut out of the Cookie header. */
  token?: string | undefined;
  /** The cookies that hold it, to be deleted with it. */
  readonly cookies: readonly string[];
}

/** A session that nobody has yet. */
export function emptySession(
  now: number,
  cookies: readonly string[],
  rejected?: RejectReason | "revoked",
): Loaded {
  return {
    sid: newSessionId(),
    rev: 0,
    data: {},
    meta: {},
    json: "",
    isNew: true,
    reissue: false,
    keyIndex: 0,
    born: now,
    iat: now,
    exp: NEVER,
    cookies,
    rejected,
  };
}

/** A session that cannot be trusted, or was ended, and the event that says why. */
export function refuse(
  { settings: { events } }: Shared,
  reason: RejectReason | "revoked",
  now: number,
  present: readonly string[],
  sid?: string,
): Loaded {
  if (reason === "expired" || reason === "revoked") events.emit(reason, sid);
  else events.emit("rejected", sid, { reason });
  return emptySession(now, present, reason);
}

/** The session, unless the store says that it was ended by a logout or a revocation. */
export function unlessEnded(shared: Shared, loaded: Loaded, now: number): Loaded {
  const { sid, born, data, cookies } = loaded;
  const { vault } = shared;
  return vault?.isEnded(sid, born, vault.userOf(data)) === true
    ? refuse(shared, "revoked", now, cookies, sid)
    : loaded;
}
