import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { optionError, SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { describeFailure } from "../session/events.ts";
import type { CheckedConnected } from "../session/connect.ts";
import { LATE } from "../session/end.ts";
import { parseBody } from "../session/json.ts";
import {
  ENDED,
  type Draft,
  type HeldSession,
  type LoadedSnapshot,
  type Outcome,
  type Revision,
  type Saved,
  type User,
  type VerifiedCookie,
} from "../session/records.ts";
import type { ListedSession } from "../session/ports.ts";
import type { RequestFacts } from "../session/request.ts";
import type { Shared } from "../session/shared.ts";
import { endUser } from "./end-user.ts";
import { endStored } from "./ends.ts";
import { readEpoch, type UserEpoch } from "./epoch.ts";
import { checkHeld, knowsEnd } from "./held.ts";
import { endKey, readSession, sessionKey, userKey, writeSession } from "./keys.ts";
import { KeyValueAccess } from "./keyv.ts";
import { loadStored, readyNow } from "./load.ts";
import { Questions, readPair } from "./questions.ts";
import { saveStored } from "./save.ts";
import { SignIns } from "./sign-ins.ts";
import { endByHandle, listSessions } from "./list.ts";
import {
  isSessionStore,
  type KeyValueStore,
  type SessionStore,
  type StoredValue,
  isLooking,
  type LookingStore,
} from "./store.ts";
import type { StoreAccess } from "./store-access.ts";
import { assertSubject, findUser } from "./user.ts";

/** Loads and saves sessions with a store. A session is loaded when a request first uses it. */
export class SessionStorePort implements StoreAccess {
  readonly keepsData: boolean;
  readonly isOptional: boolean;
  readonly isLocal: boolean;
  readonly questions: Questions;
  readonly #signIns: SignIns;
  readonly #store: SessionStore;
  readonly #looking: LookingStore | undefined;
  /** True if the store compares revisions and writes in one atomic step. */
  readonly #isAtomic: boolean;
  readonly #subject: string | undefined;
  readonly #shared: Shared;
  #wasInspected = false;

  /** @throws SessionError `ERR_SESSION_OPTION` if the option `writeAs` is also set */
  constructor(store: SessionStore | KeyValueStore, shared: Shared, options: CheckedConnected) {
    if (shared.settings.writeAs !== undefined) {
      throw optionError(
        "Use either store or writeAs: the other framework's cookie has no id of ours.",
      );
    }
    this.keepsData = options.storage === "store";
    this.isOptional = options.onStoreError === "allow";
    this.#subject = options.subject;
    this.#shared = shared;
    this.#isAtomic = isSessionStore(store);
    this.#store = isSessionStore(store) ? store : new KeyValueAccess(store);
    this.isLocal = this.#store.isLocal;
    this.#looking = isLooking(this.#store) ? this.#store : undefined;
    const remembers = this.#isAtomic && !this.isLocal;
    this.questions = new Questions(this.#store, options.storeTimeout * 1000, remembers);
    this.#signIns = new SignIns(shared, this, options);
  }

  get knowsUsers(): boolean {
    return this.#subject !== undefined;
  }

  ready(found: VerifiedCookie | LoadedSnapshot, now: number): (() => LoadedSnapshot) | undefined {
    return readyNow(this.#shared, this, found, now);
  }

  load(found: VerifiedCookie | LoadedSnapshot, now: number): Promise<LoadedSnapshot> {
    return loadStored(this.#shared, this, found, now);
  }

  save(draft: Draft, work: Outcome, behind: Revision | undefined, now: number): Promise<Saved> {
    return saveStored(this.#shared, this, this.#signIns, draft, work, behind, now);
  }

  labelOf(draft: Draft, request: RequestFacts | undefined): string | undefined {
    return this.#signIns.labelOf(draft, request);
  }

  loggedOut({ sid, json, meta }: LoadedSnapshot): Promise<void> | undefined {
    return this.#signIns.loggedOut(sid, parseBody(json)?.data ?? {}, meta);
  }

  list(who: User | object): Promise<ListedSession[]> {
    return listSessions(this, this.#signIns, who);
  }

  endByHandle(handle: string, by: object | undefined): Promise<boolean> {
    return endByHandle(this, this.#signIns, handle, by);
  }

  endWhere(field: string, value: User): Promise<number> {
    return this.#signIns.endWhere(field, value);
  }

  start(): void {
    if (this.#wasInspected) return;
    this.#wasInspected = true;
    const { events } = this.#shared.settings;
    const tell = (reason: string | undefined) =>
      reason !== undefined && events.emit("store", undefined, { reason });
    // Runs in the background. A store that does not allow the inspection still works.
    void Promise.resolve()
      .then(() => this.#store.inspect?.())
      .then(tell)
      .catch(() => undefined);
  }

  stop(): void {
    this.questions.pending.stop();
  }

  /**
   * Returns the stored revision of a session, or `ENDED` if the session has ended. Works only with
   * a store that answers without a promise.
   */
  lookAt(sid: string, now = nowSeconds()): Revision | typeof ENDED | undefined {
    if (this.#looking !== undefined) return this.#looking.look(sid, now * 1000);
    const [session, end] = this.#store.get([sessionKey(sid), endKey(sid)]) as StoredValue[];
    return readPair(session, end);
  }

  /**
   * Returns what is known about the revocations of a user's sessions; `undefined` if the store must
   * be asked first.
   */
  epochOf(key: string, now = nowSeconds()): UserEpoch | undefined {
    if (!this.isLocal) return this.questions.users.get(key)?.value;
    if (this.#looking !== undefined) return readEpoch(this.#looking.lookUser(key, now * 1000));
    const [stored] = this.#store.get([key]) as (StoredValue | undefined)[];
    return readEpoch(stored);
  }

  /**
   * Reads from the store how often the sessions of a user were revoked.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails
   */
  async readEpoch(key: string): Promise<UserEpoch> {
    return readEpoch((await this.questions.read([key]))[0]);
  }

  knowsEnd(session: HeldSession): boolean {
    return knowsEnd(this, session);
  }

  check(list: readonly HeldSession[]): Promise<(Revision | typeof ENDED | undefined)[]> {
    return checkHeld(this, list);
  }

  watch(onWrite: (key: string) => void): (() => void) | undefined {
    return this.#store.watch?.(onWrite);
  }

  learnEnd(sid: string): void {
    this.questions.wrote(sid, ENDED, performance.now());
  }

  userOf(data: object): User | undefined {
    return this.#subject === undefined ? undefined : findUser(data, this.#subject);
  }

  userKeyOf(data: object): string | undefined {
    const user = this.userOf(data);
    return user === undefined ? undefined : userKey(user);
  }

  assertSubject(data: object): void {
    if (this.#subject !== undefined) assertSubject(data, this.#subject);
  }

  async replace(
    sid: string,
    base: number,
    session: Revision,
    exp: number,
  ): Promise<Revision | typeof ENDED | undefined> {
    const now = nowSeconds();
    // Browsers keep a cookie for at most MAX_AGE_LIMIT, even if the session has no expiry.
    const seconds = Math.max(Math.min(exp - now, MAX_AGE_LIMIT), 1) + LATE;
    const at = performance.now();
    const { rev, json } = session;
    const write = { key: sessionKey(sid), base, rev, value: writeSession(json, now, exp), seconds };
    const newer = await this.questions.write(write);
    if (newer !== undefined) {
      // If the stored value is ours, the write succeeded: its answer was lost, and the database
      // client repeated the write automatically.
      if (newer.value !== write.value) return readSession(newer);
    } else if (!this.#isAtomic) {
      const [end] = await this.questions.read([endKey(sid)]);
      if (end !== undefined) return ENDED;
    }
    this.questions.wrote(sid, session, at);
    return undefined;
  }

  async end(sid: string, until: number): Promise<void> {
    try {
      await endStored(this, sid, until);
    } catch (error) {
      this.report(error);
      // This process knows that the session has ended, and writes that when the store works again.
      if (!this.isOptional) throw error;
    }
  }

  endUser(user: User, keep = "", asks?: HeldSession): Promise<void> {
    return endUser(this.#shared, this, this.#signIns, user, keep, asks);
  }

  report(error: unknown): void {
    const isLate = error instanceof SessionError && error.cause === undefined;
    this.#shared.settings.events.emit("store", undefined, {
      reason: isLate ? "timeout" : "failed",
      ...describeFailure("The session store", error),
    });
  }
}
