import type { Draft, Saved, Work } from "./draft.ts";
import type { Verified } from "./load.ts";
import type { Loaded } from "./loaded.ts";

/** A session as a store has it. */
export interface StoredSession {
  readonly rev: number;
  /** The JSON: its data, or data and metadata. */
  readonly json: string;
}

/** What a cookie holds whose data is in the store. */
export const STORED_BODY = '[{},{"stored":1}]';

/** A session that was ended: nothing brings it back. */
export const ENDED = "ended";

/** Whose session it is, as the option `subject` finds it in the data. */
export type User = string | number;

/** What writes a session: the response that begins it, a later one, or a socket. */
export type Use = "new" | "request" | "socket";

/** What a log of a store, or a message of another process, tells of sessions. */
export type Fact =
  /** A session ended. */
  | { readonly kind: "end"; readonly sid: string; readonly until: number }
  /** A session has a newer revision than cookies may say. */
  | { readonly kind: "rev"; readonly sid: string; readonly rev: number; readonly until: number }
  /** The sessions of a user that began by this second ended, but for one. */
  | {
      readonly kind: "user";
      readonly subject: string;
      readonly by: number;
      readonly keep: string;
      readonly until: number;
    };

/** The sessions of a user ended. */
export type UserFact = Extract<Fact, { kind: "user" }>;

/** What is asked of a store, and told to it. */
export interface Vault {
  /** Whether the store keeps the data, and the cookie the id and revision alone. */
  readonly keepsData: boolean;
  /** Whether the data tells whose session it is. */
  readonly knowsUsers: boolean;
  /** Whether it has to be asked before a session can be read. */
  mustAsk(found: Verified | Loaded): boolean;
  /**
   * Reads a session of which the store may know more than its cookie.
   *
   * @throws SessionError `ERR_SESSION_STORE` when the store fails, unless requests go on without it
   */
  load(found: Verified | Loaded, now: number): Promise<Loaded>;
  /**
   * A commit that the store takes part in.
   *
   * @param behind a newer revision that is known already
   * @throws SessionError `ERR_SESSION_STORE`
   */
  save(draft: Draft, work: Work, behind: StoredSession | undefined, now: number): Promise<Saved>;
  /** Whether what is known here is fresh, so that nobody has to be asked. */
  isCurrent(): boolean;
  /** Catches up with what other processes did. @throws SessionError `ERR_SESSION_STORE` */
  refresh(): Promise<void>;
  /** Reads a session. @throws SessionError `ERR_SESSION_STORE` */
  fetch(sid: string): Promise<StoredSession | typeof ENDED | undefined>;
  /** Takes in what another process said directly. @returns whether it is news */
  learn(fact: Fact): boolean;
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
    session: StoredSession,
    exp: number,
    use: Use,
  ): Promise<StoredSession | typeof ENDED | undefined>;
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
