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

/** The methods of the session store that the code for requests and sockets calls. */
export interface StorePort {
  /**
   * True if the store keeps the session's data, and the cookie contains only the id and revision.
   */
  readonly keepsData: boolean;
  /** True if the option `subject` is set, so that the store knows the user of each session. */
  readonly knowsUsers: boolean;
  /** True if the store is in the memory of this process. */
  readonly isLocal: boolean;
  /**
   * Reads a session without waiting, if the store is in this process or was asked within the last
   * second.
   * @returns a function that returns the session; `undefined` if the store must be asked first
   */
  ready(found: VerifiedCookie | LoadedSnapshot, now: number): (() => LoadedSnapshot) | undefined;
  /**
   * Reads a session and its user from the store, in one round trip.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails, unless `onStoreError` is "allow"
   */
  load(found: VerifiedCookie | LoadedSnapshot, now: number): Promise<LoadedSnapshot>;
  /**
   * Saves a session with the help of the store, and returns the cookies to set.
   *
   * @param behind a newer revision of the session that this process already knows
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
  /** Tells this process that another process ended a session. */
  learnEnd(sid: string): void;
  /** Returns the user id in a session's data; `undefined` if there is none. */
  userOf(data: object): User | undefined;
  /** Returns the store's key for the user in a session's data; `undefined` if there is no user. */
  userKeyOf(data: object): string | undefined;
  /**
   * Checks the user id in a session's data before the data is stored.
   * @throws SessionError `ERR_SESSION_SUBJECT` if the id could not be passed to `revokeAll`
   */
  assertSubject(data: object): void;
  /**
   * Ends all sessions of a user and closes their sockets.
   *
   * @param keep the id of a session that stays valid, or ""
   * @param asks the session whose request this is; it must not be revoked itself
   * @throws SessionError `ERR_SESSION_STORE` if the store fails, but in this process the sessions
   *   have ended; `ERR_SESSION_ENDED` if the session in `asks` was already revoked
   */
  endUser(user: User, keep?: string, asks?: HeldSession): Promise<void>;
  /**
   * Stores a session's data, unless it has ended or the store has a revision above `base`.
   *
   * @returns `undefined` if the data was stored, otherwise what the store has instead
   * @throws SessionError `ERR_SESSION_STORE`
   */
  replace(
    sid: string,
    base: number,
    session: Revision,
    exp: number,
  ): Promise<Revision | typeof ENDED | undefined>;
  /**
   * Ends a session for good in the store. This process rejects the session from now on, even if the
   * promise rejects.
   * @throws SessionError `ERR_SESSION_STORE`, unless `onStoreError` is "allow"
   */
  end(sid: string, until: number): Promise<unknown>;
  /**
   * Makes a label such as "Firefox on Linux" for a new session without one, from the request's
   * User-Agent.
   */
  labelOf(draft: Draft, request: RequestFacts | undefined): string | undefined;
  /** Emits the event that a request ended its own session. The promise never rejects. */
  loggedOut(loaded: LoadedSnapshot): Promise<void> | undefined;
  /**
   * Lists the sessions of a user.
   * @param who the user id, or the SessionContext of one of the user's sessions
   * @throws SessionError `ERR_SESSION_STORE`, `ERR_SESSION_STORE_REQUIRED` without `subject`
   */
  list(who: User | object): Promise<ListedSession[]>;
  /**
   * Ends the session with this handle, which `list` returned, and closes its sockets.
   *
   * @param by the session whose request this is; it must belong to the same user
   * @returns true if there was such a session
   */
  endByHandle(handle: string, by: object | undefined): Promise<boolean>;
  /**
   * Ends all sessions whose data has this value in a field of the option `findBy`.
   *
   * @returns how many sessions it ended
   */
  endWhere(field: string, value: User): Promise<number>;
  /** Emits the event for a failure of the store. */
  report(error: unknown): void;
  /** Inspects the store's settings in the background. Only the first call does anything. */
  start(): void;
  /** Stops the store's timers. */
  stop(): void;
}

/**
 * One session of a user, as `sessions.list` returns it. It contains no credential, so a page may
 * show it.
 */
export interface ListedSession {
  /** Identifies the session for `sessions.end`. After `renew` the session has another handle. */
  readonly handle: string;
  readonly createdAt: Date;
  /**
   * When the session was last used. This time may be too early by up to a tenth of the session's
   * lifetime.
   */
  readonly usedAt: Date;
  /** When the session expires unless it is used; null if it lasts until the browser closes. */
  readonly endsAt: Date | null;
  /**
   * The session's label, such as "Firefox on Linux", from the function `label` or the option
   * `labels`.
   */
  readonly label: string | undefined;
  /** True for the session that was passed to `sessions.list`. */
  readonly current: boolean;
  /** True if the session is bound to a device (option `deviceBound`). */
  readonly deviceBound: boolean;
}

/** Receives changes of sessions, and passes them to this process's sockets and other processes. */
export interface LivePort {
  /** Called when a session has new data or a new lifetime. */
  changed(change: Snapshot): void;
  /**
   * Called when `renew` gave a session a new id.
   *
   * @param from the old id
   */
  renewed(from: string, change: Snapshot): void;
  /** Called when a session has ended. */
  ended(sid: string): void;
  /** Called when all sessions of a user were revoked. */
  userEnded(key: string): void;
  /**
   * The path to which a page posts a ticket to get the session's new cookie. An `update` on a
   * socket or stream makes the ticket. `undefined` if the sessions make none.
   */
  readonly exchangePath: string | undefined;
  /**
   * Exchanges a ticket, which carries a change of a session, for a new cookie. The context is the
   * SessionContext of the request with the ticket.
   */
  exchange(context: never, ticket: string): Promise<ExchangeAnswer>;
  /**
   * Prolongs a session on `sessions.resume`, if a message of the client caused that call.
   *
   * @param header the Cookie header with which the session was resumed
   * @returns false if the session has ended
   */
  resumed(context: never, header: string, options: ResumeOptions): Promise<boolean>;
  /** Starts receiving changes from other processes. */
  start(): void;
  stop(): void;
}

/** The options of `sessions.resume`. */
export interface ResumeOptions {
  /**
   * Required with the option `socketActivity`. If a message of the client caused the call of
   * `resume`, pass a function. The session is then prolonged as by a request. If a new cookie
   * results, the function gets the `Cookie` header for the next call. In all other cases pass
   * `false`.
   */
  readonly prolonged?: ((cookieHeader: string) => void) | false | undefined;
}

/** The headers and cookies that device binding adds to a response. */
export interface DeviceHeaders {
  readonly setCookie: readonly string[];
  /** The headers of the response, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The methods of device binding (option `deviceBound`) that the code for requests calls. */
export interface DevicePort {
  /**
   * Checks that the browser recently proved that it has the private key of the session's device. If
   * not, the session is rejected or marked as stale, as the option `deviceBound` says. A session
   * without a device is rejected if the option requires one.
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

/** The response to a request that exchanges a ticket (a change of a session) for a cookie. */
export interface ExchangeAnswer {
  readonly status: number;
  /** The cookies that the response sets. */
  readonly commit: Commit;
  /** The response body, JSON: `{ receipt }`, or `{ error, code }`. */
  readonly body: string;
}

/** A response that Galleta sends itself, without calling the app. */
export interface Reply {
  readonly status: number;
  /** The response body, as JSON. */
  readonly body: string;
  /** More headers of the response, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The cookies that the response sets. */
  readonly commit?: Commit;
}

/**
 * A route that Galleta answers before the app sees the request. The request has passed the
 * cross-site check, unless the route is open to other sites. With `csrf: "strict"` a secret in the
 * request to this route replaces the CSRF token. `Context` is the SessionContext of the request;
 * importing that type here would form a cycle.
 */
export interface Endpoint<Context = never> {
  /** The HTTP method of the route, such as `POST`. */
  readonly method: string;
  /**
   * True if requests from other sites to this route are also answered. They must then contain a
   * secret.
   */
  readonly fromAnySite?: boolean;
  /**
   * Answers a request to this route.
   * @param body the body of the request; `undefined` if it is over 1 MiB or incomplete
   */
  answer(context: Context, facts: RequestFacts, body: Uint8Array | undefined): MaybePromise<Reply>;
}
