import type { Commit } from "../cookie/headers.ts";
import type { Times } from "../token/header.ts";
import type { SessionContext } from "./context.ts";
import type { Fact, StoredSession, UserFact } from "./vault.ts";

/** A session as it is after a commit. */
export interface Change extends Times, StoredSession {
  readonly sid: string;
}

/** Whoever wants to know what became of sessions: sockets here, and other processes. */
export interface Hub {
  /** A session has new data, or a new lifetime. */
  changed(change: Change): void;
  /** A session has a new id. */
  renewed(from: string, change: Change): void;
  /**
   * A session is no more.
   * @param until when its last cookie has expired, in seconds since 1970
   */
  ended(sid: string, until: number): void;
  /** The sessions of a user ended. Without a fact the store was not told yet. */
  userEnded(fact: UserFact | undefined): void;
  /** The store's log has news of another process. */
  learned(fact: Fact): void;
  /** Where pages exchange the tickets of `update`; `undefined` where that is not needed. */
  readonly exchangePath: string | undefined;
  /** Exchanges a ticket for the cookie of the request that brought it. */
  exchange(context: SessionContext<never>, ticket: string): Promise<ExchangeAnswer>;
  /** Begins, and stops, to listen to other processes. */
  start(): void;
  stop(): void;
}

/** What the exchange of a ticket is answered with. */
export interface ExchangeAnswer {
  readonly status: number;
  /** The cookies to set, as of every response. */
  readonly commit: Commit;
  /** JSON: `{ receipt }`, or `{ error, code }`. */
  readonly body: string;
}
