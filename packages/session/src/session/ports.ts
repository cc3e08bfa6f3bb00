import type { Commit } from "../cookie/headers.ts";
import type { MaybePromise } from "../maybe.ts";
import type {
  Draft,
  ENDED,
  LogRecord,
  LoadedSnapshot,
  Outcome,
  Revision,
  Saved,
  Snapshot,
  Use,
  User,
  UserRecord,
  VerifiedCookie,
} from "./records.ts";
import type { RequestFacts } from "./request.ts";

/** What is asked of a store, and told to it. */
export interface StorePort {
  /** Whether the store keeps the data, and the cookie the id and revision alone. */
  readonly keepsData: boolean;
  /** Whether the data tells whose session it is. */
  readonly knowsUsers: boolean;
  /** Whether it has to be asked before a session can be read. */
  mustAsk(found: VerifiedCookie | LoadedSnapshot): boolean;
  /**
   * Reads a session of which the store may know more than its cookie.
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
  /** Whether what is known here is fresh, so that nobody has to be asked. */
  isCurrent(): boolean;
  /** Catches up with what other processes did. @throws SessionError `ERR_SESSION_STORE` */
  refresh(): Promise<void>;
  /** Reads a session. @throws SessionError `ERR_SESSION_STORE` */
  fetch(sid: string): Promise<Revision | typeof ENDED | undefined>;
  /** Takes in what another process said directly. @returns whether it is news */
  learn(fact: LogRecord): boolean;
  /** The user that the data names. */
  userOf(data: object): User | undefined;
  /**
   * Checks the user that the data names, before it is stored.
   * @throws SessionError `ERR_SESSION_SUBJECT` when `revokeAll` could not name the user
   */
  assertSubject(data: object): void;
  /** Asks whether a user's sessions were ended. @throws SessionError `ERR_SESSION_STORE` */
  learnUser(user: User): Promise<void>;
  /** Whether a session was ended, as far as is known here: by itself, or with its user's others. */
  isEnded(sid: string, born: number, user: User | undefined): boolean;
  /**
   * Ends all sessions of a user that began until now, but for one, sockets included.
   *
   * @param keep the id of the one, or ""
   * @throws SessionError `ERR_SESSION_STORE`; it holds in this process all the same
   */
  endUser(user: User, keep: string): Promise<void>;
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
    use: Use,
  ): Promise<Revision | typeof ENDED | undefined>;
  /**
   * Ends a session for good. Known here at once, whatever becomes of the promise.
   * @throws SessionError `ERR_SESSION_STORE`, unless requests go on without it
   */
  end(sid: string, until: number): Promise<unknown>;
  /** Tells that the store failed. */
  report(error: unknown): void;
  /** Begins, and stops, to follow what other processes do. */
  start(): void;
  stop(): void;
}

/** Whoever wants to know what became of sessions: sockets here, and other processes. */
export interface LivePort {
  /** A session has new data, or a new lifetime. */
  changed(change: Snapshot): void;
  /** A session has a new id. */
  renewed(from: string, change: Snapshot): void;
  /**
   * A session is no more.
   * @param until when its last cookie has expired, in seconds since 1970
   */
  ended(sid: string, until: number): void;
  /** The sessions of a user ended. Without a fact the store was not told yet. */
  userEnded(fact: UserRecord | undefined): void;
  /** The store's log has news of another process. */
  learned(fact: LogRecord): void;
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
