import type { Times } from "../token/header.ts";

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

/** What is asked of a store about one session, and told to it. */
export interface Vault {
  /** Whether the store keeps the data, and the cookie the id and revision alone. */
  readonly keepsData: boolean;
  /** Whether requests go on when the store fails (`onStoreError: "allow"`). */
  readonly isOptional: boolean;
  /** Whether what is known here is fresh, so that nobody has to be asked. */
  isCurrent(): boolean;
  /** Catches up with what other processes did. @throws SessionError `ERR_SESSION_STORE` */
  refresh(): Promise<void>;
  /** Whether the store may know a newer revision than this one. */
  hasNewer(sid: string, rev: number): boolean;
  /** Reads a session. @throws SessionError `ERR_SESSION_STORE` */
  fetch(sid: string): Promise<StoredSession | typeof ENDED | undefined>;
  /** The user that the data names. */
  userOf(data: object): User | undefined;
  /** Asks whether a user's sessions were ended. @throws SessionError `ERR_SESSION_STORE` */
  learnUser(user: User): Promise<void>;
  /** Whether a session was ended, as far as is known here: by itself, or with its user's others. */
  isEnded(sid: string, born: number, user: User | undefined): boolean;
  /** The first second in which a session of this user may begin. 0 where none was ended. */
  firstBirth(user: User): number;
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
   * @param base where given, only while the store has no revision above it
   * @returns with a `base` what the store has instead, where this did not end it
   * @throws SessionError `ERR_SESSION_STORE`
   */
  end(sid: string, until: number, base?: number): Promise<StoredSession | typeof ENDED | undefined>;
  /** Tells that the store failed. */
  report(error: unknown): void;
}

/** A session as it is after a commit. */
export interface Change extends Times, StoredSession {
  readonly sid: string;
}

/** Whoever wants to know what commits did: sockets here, and other processes. */
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
}
