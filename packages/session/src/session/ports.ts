import type { Commit } from "../cookie/headers.ts";
import type { MaybePromise } from "../maybe.ts";
import type {
  Draft,
  ENDED,
  HeldSession,
  LoadedSnapshot,
  Outcome,
  Revision,
  Saved,
  Snapshot,
  User,
  VerifiedCookie,
} from "./records.ts";
import type { RequestFacts } from "./request.ts";

/** The store, as the engine uses it. */
export interface StorePort {
  /** True if the store keeps the data, and the cookie only the id and revision. */
  readonly keepsData: boolean;
  /** True if the data names the session's user. */
  readonly knowsUsers: boolean;
  /** True if the store is in the memory of this process. */
  readonly isLocal: boolean;
  /**
   * Reads a session without waiting, if the store is in this process or was asked within the last
   * second.
   * @returns `undefined` if the store must be asked first
   */
  ready(found: VerifiedCookie | LoadedSnapshot, now: number): (() => LoadedSnapshot) | undefined;
  /**
   * Asks the store about a session and its user, in one round trip.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails, unless requests go on without it
   */
  load(found: VerifiedCookie | LoadedSnapshot, now: number): Promise<LoadedSnapshot>;
  /**
   * Saves a session with the store.
   *
   * @param behind a newer revision that is already known
   * @throws SessionError `ERR_SESSION_STORE`
   */
  save(draft: Draft, work: Outcome, behind: Revision | undefined, now: number): Promise<Saved>;
  /** True if this process knows, without asking, that the session is over. */
  knowsEnd(session: HeldSession): boolean;
  /**
   * Asks about sessions that sockets hold, all in one round trip.
   * @returns one item per session: what the store has of it, `undefined` for nothing
   * @throws SessionError `ERR_SESSION_STORE`
   */
  check(sessions: readonly HeldSession[]): Promise<(Revision | typeof ENDED | undefined)[]>;
  /**
   * Calls `onWrite` for every write to a store in this process, from any source.
   * @returns a function that stops it; `undefined` if the store is another process
   */
  watch(onWrite: (key: string) => void): (() => void) | undefined;
  /** Records that another process ended a session. */
  learnEnd(sid: string): void;
  /** Returns the user in the data. */
  userOf(data: object): User | undefined;
  /** Returns the key of the user in the data. */
  userKeyOf(data: object): string | undefined;
  /**
   * Checks the user in the data, before it is stored.
   * @throws SessionError `ERR_SESSION_SUBJECT` if `revokeAll` could not name the user
   */
  assertSubject(data: object): void;
  /**
   * Ends all sessions of a user, sockets included.
   *
   * @param keep the id of the session that stays, or ""
   * @param asks the session that asks: a revoked one must not end others
   * @throws SessionError `ERR_SESSION_STORE`, but the end still holds in this process;
   *   `ERR_SESSION_ENDED` if the session that asks was already revoked
   */
  endUser(user: User, keep?: string, asks?: HeldSession): Promise<void>;
  /**
   * Sets a session, unless the store has a revision above `base`.
   * @returns `undefined` if it was set, else what the store has
   * @throws SessionError `ERR_SESSION_STORE`
   */
  replace(
    sid: string,
    base: number,
    session: Revision,
    exp: number,
  ): Promise<Revision | typeof ENDED | undefined>;
  /**
   * Ends a session for good. This process knows immediately, even if the promise rejects.
   * @throws SessionError `ERR_SESSION_STORE`, unless requests go on without it
   */
  end(sid: string, until: number): Promise<unknown>;
  /**
   * Returns the label for a session that begins without one, from the User-Agent of its request.
   */
  labelOf(draft: Draft, request: RequestFacts | undefined): string | undefined;
  /** Reports that a request ends its own session. The promise never rejects. */
  loggedOut(loaded: LoadedSnapshot): Promise<void> | undefined;
  /**
   * Lists the sessions of a user.
   * @param who the user, or a session (a SessionContext)
   * @throws SessionError `ERR_SESSION_STORE`, `ERR_SESSION_STORE_REQUIRED` without `subject`
   */
  list(who: User | object): Promise<ListedSession[]>;
  /**
   * Ends the session of a handle, sockets included.
   * @param by the session that asks
   * @returns true if there was one
   */
  endByHandle(handle: string, by: object | undefined): Promise<boolean>;
  /** Ends all sessions with a value in a field of `findBy`. @returns how many it ended */
  endWhere(field: string, value: User): Promise<number>;
  /** Reports a failure of the store. */
  report(error: unknown): void;
  /** Inspects the store's settings, once. */
  start(): void;
  /** Stops timers. */
  stop(): void;
}

/**
 * One session of a user, as `sessions.list` returns it. It holds no credential and is safe in a
 * page.
 */
export interface ListedSession {
  /** Names the session for `sessions.end`. It changes with `renew`. */
  readonly handle: string;
  readonly createdAt: Date;
  /** The last recorded use. A use is recorded at the latest after a tenth of the lifetime. */
  readonly usedAt: Date;
  /** When it expires unless it is used; null if only the browser ends it. */
  readonly endsAt: Date | null;
  /** The label from `label` or the option `labels`. */
  readonly label: string | undefined;
  /** True if it is the session that was passed to `list`. */
  readonly current: boolean;
  /** True if it is bound to a device (option `deviceBound`). */
  readonly deviceBound: boolean;
}

/** The receiver of changes: sockets here, and other processes. */
export interface LivePort {
  /** Called when a session has new data or a new lifetime. */
  changed(change: Snapshot): void;
  /** Called when a session has a new id. */
  renewed(from: string, change: Snapshot): void;
  /** Called when a session has ended. */
  ended(sid: string): void;
  /** Called when the sessions of a user were revoked. */
  userEnded(key: string): void;
  /**
   * The path where pages exchange the tickets of `update`; `undefined` if the sessions need no
   * exchange.
   */
  readonly exchangePath: string | undefined;
  /** Exchanges a ticket for the cookie of the request (a SessionContext) that brought it. */
  exchange(context: never, ticket: string): Promise<ExchangeAnswer>;
  /** Starts and stops listening to other processes. */
  start(): void;
  stop(): void;
}

/** What a response adds for the device of its browser. */
export interface DeviceOwed {
  readonly setCookie: readonly string[];
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The option `deviceBound`, as sessions use it. */
export interface DevicePort {
  /**
   * Checks the device of a session. If it is stale, or must be bound and is not, the session is
   * rejected or marked, as the option says.
   *
   * @param header the Cookie header
   * @param now seconds since 1970
   */
  judge(loaded: LoadedSnapshot, header: string, now: number): LoadedSnapshot;
  /**
   * Returns what a response adds if it begins, renews or ends a session.
   *
   * @returns `undefined` for all others
   */
  owedFor(draft: Draft, saved: Saved, request: RequestFacts | undefined): DeviceOwed | undefined;
}

/** The answer to the exchange of a ticket. */
export interface ExchangeAnswer {
  readonly status: number;
  /** The cookies to set, as for every response. */
  readonly commit: Commit;
  /** JSON: `{ receipt }`, or `{ error, code }`. */
  readonly body: string;
}

/** An answer of the sessions in place of the app. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  /** Further headers, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The cookies to set. */
  readonly commit?: Commit;
}

/**
 * A route that the sessions answer before the app sees the request. The request passed the
 * cross-site check, unless the route is open to other sites. With `csrf: "strict"` a secret of its
 * own replaces the token. `Context` is the SessionContext of the request, which this file cannot
 * name without a cycle of types.
 */
export interface Endpoint<Context = never> {
  /** The method, such as `POST`. */
  readonly method: string;
  /** True if requests of other sites are also answered. The route needs its own secret. */
  readonly fromAnySite?: boolean;
  /**
   * @param body `undefined` if it is over 1 MiB or incomplete
   */
  answer(context: Context, facts: RequestFacts, body: Uint8Array | undefined): MaybePromise<Reply>;
}
