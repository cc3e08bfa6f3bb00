import type { MaybePromise } from "../maybe.ts";
import { ENDED } from "../session/records.ts";
import { Answers, FRESH_MS, type SessionAnswer, type UserAnswer } from "./answers.ts";
import { PendingRevocations } from "./pending-revocations.ts";
import { readEpoch, type UserEpoch } from "./epoch.ts";
import { endKey, readSession, sessionKey } from "./keys.ts";
import { askStore } from "./limit.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";
import type { Revision } from "../session/records.ts";

/**
 * After several failures in a row, reads fail for this many milliseconds without asking the store.
 */
const REST_MS = 500;
const FAILURES = 3;

/** A session and a user to read from the store in one round trip. */
export interface Question {
  readonly sid?: string | undefined;
  /** The store key of the user. */
  readonly user?: string | undefined;
}

/** The store's answer to a {@link Question}. */
export interface QuestionAnswer {
  readonly session?: SessionAnswer | undefined;
  readonly user?: UserAnswer | undefined;
}

/**
 * Asks the store, and remembers its answers for a second. After several failures in a row, reads
 * fail for half a second without asking the store.
 */
export class Questions {
  readonly sessions = new Answers<Revision | typeof ENDED | undefined>();
  readonly users = new Answers<UserEpoch>();
  readonly pending = new PendingRevocations();
  readonly #store: SessionStore;
  readonly #timeout: number;
  /**
   * True if the store's answers are remembered. False for a store in this process, and for one
   * without conditional writes: such a store is asked for every request.
   */
  readonly #remembers: boolean;
  readonly #asking = new Map<
    string,
    { readonly at: number; readonly answer: Promise<QuestionAnswer> }
  >();
  #failure: { readonly error: unknown; readonly at: number; readonly count: number } | undefined;

  /** @param timeout how many milliseconds the store may take to answer */
  constructor(store: SessionStore, timeout: number, remembers: boolean) {
    this.#store = store;
    this.#timeout = timeout;
    this.#remembers = remembers;
  }

  /**
   * Reads a session and the revocations of a user together. Requests that ask for the same two at
   * the same time share one answer.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails
   */
  ask(question: Question): Promise<QuestionAnswer> {
    const name = `${question.sid ?? ""} ${question.user ?? ""}`;
    const shared = this.#asking.get(name);
    // An answer may be too old if its question was sent more than a second ago.
    if (shared !== undefined && performance.now() - shared.at < FRESH_MS) return shared.answer;
    const at = performance.now();
    const answer = this.#ask(question, at);
    const asked = { at, answer };
    this.#asking.set(name, asked);
    const forget = () => {
      if (this.#asking.get(name) === asked) this.#asking.delete(name);
    };
    answer.then(forget, forget);
    return answer;
  }

  async #ask({ sid, user }: Question, at: number): Promise<QuestionAnswer> {
    const keys = [
      ...(sid === undefined ? [] : [sessionKey(sid), endKey(sid)]),
      ...(user === undefined ? [] : [user]),
    ];
    if (keys.length === 0) return {};
    const values = await this.read(keys);
    const answer: { session?: SessionAnswer; user?: UserAnswer } = {};
    if (sid !== undefined) {
      answer.session = { at, value: readPair(values[0], values[1]) };
      this.#remember(this.sessions, sid, answer.session);
    }
    if (user !== undefined) {
      answer.user = { at, value: readEpoch(values[keys.length - 1]) };
      this.#remember(this.users, user, answer.user);
    }
    return answer;
  }

  #remember<Value>(
    answers: Answers<Value>,
    key: string,
    answer: { at: number; value: Value },
  ): void {
    if (this.#remembers) answers.set(key, answer);
  }

  /** Remembers the state of a session that this process has written into the store. */
  wrote(sid: string, value: Revision | typeof ENDED, at: number): void {
    this.#remember(this.sessions, sid, { at, value });
  }

  /** Remembers a user's count of revocations that this process has written into the store. */
  wroteUser(key: string, value: UserEpoch, at: number): void {
    this.users.set(key, { at, value });
  }

  /**
   * Writes all pending revocations, then reads keys.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails
   */
  async read(keys: readonly string[]): Promise<readonly (StoredValue | undefined)[]> {
    const { at = 0, count = 0, error } = this.#failure ?? {};
    if (count >= FAILURES && performance.now() - at < REST_MS) throw error;
    try {
      await this.flush();
      const values = await this.#limit(() => this.#store.get(keys));
      this.#failure = undefined;
      return values;
    } catch (failure) {
      const before = this.#failure?.count ?? 0;
      this.#failure = { error: failure, at: performance.now(), count: before + 1 };
      throw failure;
    }
  }

  /**
   * Writes a value into the store, unless the key has a newer one.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails
   */
  write(write: Write): Promise<StoredValue | undefined> {
    return this.#limit(() => this.#store.replace(write));
  }

  /**
   * Writes the pending revocations into the store, if there are any.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails
   */
  async flush(): Promise<void> {
    if (!this.pending.isEmpty) await this.#limit(() => this.pending.flush(this.#store));
  }

  #limit<Answer>(question: () => MaybePromise<Answer>): Promise<Answer> {
    return askStore(question, this.#timeout);
  }
}

/**
 * Returns a session's newest revision; `ENDED` if the session has ended.
 *
 * @param session the value of the session's key
 * @param end the value of the key that marks the session as ended
 */
export function readPair(
  session: StoredValue | undefined,
  end: StoredValue | undefined,
): Revision | typeof ENDED | undefined {
  if (end !== undefined) return ENDED;
  return session === undefined ? undefined : readSession(session);
}
