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

/** What is asked of a store, and told to it. */
export interface StorePort {
  /** Whether the store keeps the data, and the cookie the id and revision alone. */
  readonly keepsData: boolean;
  /** Whether the data tells whose session it is. */
  readonly knowsUsers: boolean;
  /** Whether the store is in the memory of this process. */
  readonly isLocal: boolean;
  /**
   * Reads a session without waiting, if the store is in this process or was asked within the last
   * second.
   * @returns `undefined` where the store must be asked first
   */
  ready(found: VerifiedCookie | LoadedSnapshot, now: number): (() => LoadedSnapshot) | undefined;
  /**
   * Asks the store about a session and its user, in one round trip.
   *
   * @throws SessionError `ERR_SESSION_STORE` when the store fails, unless requests go on without it
   */
  load(found: VerifiedCookie | LoadedSnapshot, now: number): Promise<LoadedSnapshot>;
  /**
   * A commit that the store takes part in.
   *
   * @param behind a newer revision that is known already
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
   * Hears of every write to a store in this process, whoever makes it.
   * @returns stops hearing; `undefined` where the store is another process
   */
  watch(onWrite: (key: string) => void): (() => void) | undefined;
  /** Takes in that another process ended a session. */
  learnEnd(sid: string): void;
  /** The user that the data names. */
  userOf(data: object): User | undefined;
  /** The key of the user that the data names. */
  userKeyOf(data: object): string | undefined;
  /**
   * Checks the user that the data names, before it is stored.
   * @throws SessionError `ERR_SESSION_SUBJECT` when `revokeAll` could not name the user
   */
  assertSubject(data: object): void;
  /**
   * Ends all sessions of a user, sockets included.
   *
   * @param keep the id of the session that goes on, or ""
   * @param asks who asks for it: a session that was revoked itself must not end others
   * @throws SessionError `ERR_SESSION_STORE`, and it holds in this process all the same;
   * `ERR_SESSION_ENDED` when the session that asks was revoked before
   */
  endUser(user: User, keep?: string, asks?: HeldSession): Promise<void>;
  /**
   * Sets a session, unless the store has a revision above `base`.
   * @returns `undefined` when it was set, else what the store has
   * @throws SessionError `ERR_SESSION_STORE`
   */
  replace(
    sid: string,
    base: number,
    session: Revision,
    exp: number,
  ): Promise<Revision | typeof ENDED | undefined>;
  /**
   * Ends a session for good. Known here at once, whatever becomes of the promise.
   * @throws SessionError `ERR_SESSION_STORE`, unless requests go on without it
   */
  end(sid: string, until: number): Promise<unknown>;
  /** Tells that the store failed. */
  report(error: unknown): void;
  /** Looks at the settings of the store, once. */
  start(): void;
  /** Ends timers. */
  stop(): void;
}

/** Whoever wants to know what became of sessions: sockets here, and other processes. */
export interface LivePort {
  /** A session has new data, or a new lifetime. */
  changed(change: Snapshot): void;
  /** A session has a new id. */
  renewed(from: string, change: Snapshot): void;
  /** A session is no more. */
  ended(sid: string): void;
  /** The sessions of a user were revoked. @param key the user's key in the store */
  userEnded(key: string): void;
  /** Where pages exchange the tickets of `update`; `undefined` where that is not needed. */
  readonly exchangePath: string | undefined;
  /** Exchanges a ticket for the cookie of the request (a SessionContext) that brought it. */
  exchange(context: never, ticket: string): Promise<ExchangeAnswer>;
  /** Begins, and stops, to listen to other processes. */
  start(): void;
  stop(): void;
}

/** What a response owes to the device of its browser, beside the session. */
export interface DeviceOwed {
  readonly setCookie: readonly string[];
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The option `deviceBound`, as sessions see it. */
export interface DevicePort {
  /**
   * Judges a session that a cookie brought: one that is stale, or not bound and has to be, is
   * rejected or marked, as the option says.
   *
   * @param header the Cookie header
   * @param now seconds since 1970
   */
  judge(loaded: LoadedSnapshot, header: string, now: number): LoadedSnapshot;
  /**
   * Gives what the response adds that begins, renews or ends a session.
   *
   * @returns `undefined` for all others
   */
  owedFor(draft: Draft, saved: Saved, request: RequestFacts | undefined): DeviceOwed | undefined;
}

/** What the exchange of a ticket is answered with. */
export interface ExchangeAnswer {
  readonly status: number;
  /** The cookies to set, as of every response. */
  readonly commit: Commit;
  /** JSON: `{ receipt }`, or `{ error, code }`. */
  readonly body: string;
}

/** What sessions answer in the place of the app. */
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
 * A route that sessions answer themselves, before the app sees the request. It passed the check
 * against cross-site requests, unless it is open to other sites; with `csrf: "strict"` a secret of its own stands for the token.
 * `Context` is the SessionContext of the request, which a port cannot name without a cycle of types.
 */
export interface Endpoint<Context = never> {
  /** As in `POST`. */
  readonly method: string;
  /** Whether it is also answered to requests of other sites: it has a secret of its own. */
  readonly fromAnySite?: boolean;
  /** @param body `undefined` where it is above 1 MiB or breaks off */
  answer(context: Context, facts: RequestFacts, body: Uint8Array | undefined): MaybePromise<Reply>;
}
