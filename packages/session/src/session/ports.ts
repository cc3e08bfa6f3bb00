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

/** The methods of the store that the engine uses. */
export interface StorePort {
  /** True if the store keeps the data, and the cookie only the id and revision. */
  readonly keepsData: boolean;
  /** True if the option `subject` names the field of the data with the user id. */
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
   * Reads a session and its user from the store, in one round trip.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails, unless `onStoreError` is "allow"
   */
  load(found: VerifiedCookie | LoadedSnapshot, now: number): Promise<LoadedSnapshot>;
  /**
   * Saves a session with the store.
   *
   * @param behind a newer revision that this process already knows
   * @throws SessionError `ERR_SESSION_STORE`
   */
  save(draft: Draft, work: Outcome, behind: Revision | undefined, now: number): Promise<Saved>;
  /** True if this process knows, without asking, that the session has ended. */
  knowsEnd(session: HeldSession): boolean;
  /**
   * Reads several sessions that sockets hold, in one round trip.
   *
   * @returns one item per session: the record in the store, or `undefined` if it has none
   * @throws SessionError `ERR_SESSION_STORE`
   */
  check(sessions: readonly HeldSession[]): Promise<(Revision | typeof ENDED | undefined)[]>;
  /**
   * Calls `onWrite` after every write to the store, if the store is in this process.
   * @returns a function that stops the calls; `undefined` if the store is not in this process
   */
  watch(onWrite: (key: string) => void): (() => void) | undefined;
  /** Records that another process ended a session. */
  learnEnd(sid: string): void;
  /** Returns the user id in the data. */
  userOf(data: object): User | undefined;
  /** Returns the store's key for the user in the data. */
  userKeyOf(data: object): string | undefined;
  /**
   * Checks the user in the data before the data is stored.
   * @throws SessionError `ERR_SESSION_SUBJECT` if `revokeAll` could not name the user
   */
  assertSubject(data: object): void;
  /**
   * Ends all sessions of a user and closes their sockets.
   *
   * @param keep the id of the session to keep, or ""
   * @param asks the session that makes the request; it must not be revoked itself
   * @throws SessionError `ERR_SESSION_STORE`, but in this process the sessions have ended;
   *   `ERR_SESSION_ENDED` if the session in `asks` was already revoked
   */
  endUser(user: User, keep?: string, asks?: HeldSession): Promise<void>;
  /**
   * Sets a session, unless the store has a revision above `base`.
   *
   * @returns `undefined` if it was set, otherwise the record in the store
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
   * @throws SessionError `ERR_SESSION_STORE`, unless `onStoreError` is "allow"
   */
  end(sid: string, until: number): Promise<unknown>;
  /** Makes the label for a session that begins without one, from the User-Agent of its request. */
  labelOf(draft: Draft, request: RequestFacts | undefined): string | undefined;
  /** Reports that a request ended its own session. The promise never rejects. */
  loggedOut(loaded: LoadedSnapshot): Promise<void> | undefined;
  /**
   * Lists the sessions of a user.
   * @param who the user, or a session (a SessionContext)
   * @throws SessionError `ERR_SESSION_STORE`, `ERR_SESSION_STORE_REQUIRED` without `subject`
   */
  list(who: User | object): Promise<ListedSession[]>;
  /**
   * Ends the session with this handle and closes its sockets.
   *
   * @param by the session that makes the request
   * @returns true if there was such a session
   */
  endByHandle(handle: string, by: object | undefined): Promise<boolean>;
  /**
   * Ends all sessions whose data has this value in a field of the option `findBy`.
   *
   * @returns how many sessions it ended
   */
  endWhere(field: string, value: User): Promise<number>;
  /** Reports that the store failed. */
  report(error: unknown): void;
  /** Inspects the store's settings, in the first call only. */
  start(): void;
  /** Stops the store's timers. */
  stop(): void;
}

/**
 * One session of a user, as `sessions.list` returns it. It contains no credential, so a page may
 * show it.
 */
export interface ListedSession {
  /** Identifies the session for `sessions.end`. `renew` changes it. */
  readonly handle: string;
  readonly createdAt: Date;
  /** When the session was last used. This may be too early by up to a tenth of the lifetime. */
  readonly usedAt: Date;
  /** When the session expires unless it is used; null if it lasts until the browser closes. */
  readonly endsAt: Date | null;
  /** The label that the function `label` or the option `labels` set. */
  readonly label: string | undefined;
  /** True if it is the session that was passed to `list`. */
  readonly current: boolean;
  /** True if it is bound to a device (option `deviceBound`). */
  readonly deviceBound: boolean;
}

/** Receives changes of sessions, and passes them to this process's sockets and other processes. */
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
   * The path to which a page posts the ticket of an `update`, and gets the new cookie; `undefined`
   * if the sessions make no tickets.
   */
  readonly exchangePath: string | undefined;
  /** Exchanges a ticket for a cookie. The context is the SessionContext of the ticket's request. */
  exchange(context: never, ticket: string): Promise<ExchangeAnswer>;
  /**
   * Prolongs the session of a call of `sessions.resume`, if a client's message caused the call.
   *
   * @param header the Cookie header
   * @returns false if the session has ended
   */
  resumed(context: never, header: string, options: ResumeOptions): Promise<boolean>;
  /** Starts listening to other processes. */
  start(): void;
  stop(): void;
}

/** The options of `sessions.resume`. */
export interface ResumeOptions {
  /**
   * Required with `socketActivity`. If a message of the client caused the call, pass a function.
   * The session is then prolonged as by a request. If this makes a new cookie, the function gets
   * the `Cookie` header for the next call. In all other cases pass `false`.
   */
  readonly prolonged?: ((cookieHeader: string) => void) | false | undefined;
}

/** The headers and cookies that device binding adds to a response. */
export interface DeviceHeaders {
  readonly setCookie: readonly string[];
  /** Headers by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The methods of the option `deviceBound` that the engine uses. */
export interface DevicePort {
  /**
   * Checks that a session's device recently proved that it has the key. If not, the session is
   * rejected or marked as stale, as the option says. A session without a device is rejected if the
   * option requires one.
   *
   * @param header the Cookie header
   * @param now seconds since 1970
   */
  judge(loaded: LoadedSnapshot, header: string, now: number): LoadedSnapshot;
  /**
   * Returns the headers and cookies for a response that begins, renews or ends a session.
   *
   * @returns `undefined` for all other responses
   */
  headersFor(
    draft: Draft,
    saved: Saved,
    request: RequestFacts | undefined,
  ): DeviceHeaders | undefined;
}

/** The answer to a request that exchanges a ticket. */
export interface ExchangeAnswer {
  readonly status: number;
  /** The cookies to set. */
  readonly commit: Commit;
  /** JSON: `{ receipt }`, or `{ error, code }`. */
  readonly body: string;
}

/** A reply of the sessions, sent without calling the app. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  /** More headers, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The cookies to set. */
  readonly commit?: Commit;
}

/**
 * A route that the sessions answer before the app sees the request. The request passed the
 * cross-site check, unless the route is open to other sites. With `csrf: "strict"` the route's own
 * secret replaces the CSRF token. `Context` is the SessionContext of the request. This file cannot
 * import that type, because the types would form a cycle.
 */
export interface Endpoint<Context = never> {
  /** The method, such as `POST`. */
  readonly method: string;
  /** True if requests from other sites are also answered. The route then needs its own secret. */
  readonly fromAnySite?: boolean;
  /**
   * @param body `undefined` if it is over 1 MiB or incomplete
   */
  answer(context: Context, facts: RequestFacts, body: Uint8Array | undefined): MaybePromise<Reply>;
}
