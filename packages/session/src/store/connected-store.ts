import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { optionError, SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { tellError } from "../session/events.ts";
import { storeRequired, type CheckedConnected } from "../session/connect.ts";
import { lastExpiryOfAny, LATE } from "../session/end.ts";
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
import {
  carried,
  isOver,
  nextCount,
  NO_EPOCH,
  readEpoch,
  writeEpoch,
  type UserEpoch,
} from "./epoch.ts";
import { endKey, readSession, sessionKey, TOMB, userKey, writeSession } from "./keys.ts";
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
  type Write,
} from "./store.ts";
import type { StoreAccess } from "./store-access.ts";
import { assertSubject, assertUser, findUser } from "./user.ts";

const ATTEMPTS = 100;
/** The base of a write that replaces any value of its key. */
const ALWAYS = Number.MAX_SAFE_INTEGER;

/**
 * Connects a store to requests: asks it when a session is first used, and limits the effect of
 * failures.
 */
export class SessionStorePort implements StoreAccess {
  readonly keepsData: boolean;
  readonly isOptional: boolean;
  readonly isLocal: boolean;
  readonly questions: Questions;
  readonly #signIns: SignIns;
  readonly #store: SessionStore;
  /** True if the store compares and writes in one atomic step. */
  readonly #isAtomic: boolean;
  readonly #subject: string | undefined;
  readonly #shared: Shared;
  #wasInspected = false;

  /** @throws SessionError `ERR_SESSION_OPTION` together with `writeAs` */
  constructor(store: SessionStore | KeyValueStore, shared: Shared, options: CheckedConnected) {
    if (shared.settings.writeAs !== undefined) {
      throw optionError("store and writeAs exclude each other: a shared cookie has no session id.");
    }
    this.keepsData = options.storage === "store";
    this.isOptional = options.onStoreError === "allow";
    this.#subject = options.subject;
    this.#shared = shared;
    this.#isAtomic = isSessionStore(store);
    this.#store = isSessionStore(store) ? store : new KeyValueAccess(store);
    this.isLocal = this.#store.isLocal;
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
    this.questions.debts.stop();
  }

  /** Returns the record of a session, if the store is in this process. */
  lookAt(sid: string): Revision | typeof ENDED | undefined {
    const [session, end] = this.#store.get([sessionKey(sid), endKey(sid)]) as StoredValue[];
    return readPair(session, end);
  }

  /** Returns the revocations of a user, if they are known without waiting. */
  epochOf(key: string): UserEpoch | undefined {
    if (!this.isLocal) return this.questions.users.get(key)?.value;
    const [stored] = this.#store.get([key]) as (StoredValue | undefined)[];
    return stored === undefined ? NO_EPOCH : readEpoch(stored);
  }

  /**
   * Reads the revocations of a user from the store.
   *
   * @throws SessionError `ERR_SESSION_STORE`
   */
  async readEpoch(key: string): Promise<UserEpoch> {
    return readEpoch((await this.questions.read([key]))[0]);
  }

  knowsEnd({ sid, next, data, meta }: HeldSession): boolean {
    const { debts, sessions } = this.questions;
    const known = this.isLocal ? this.lookAt(sid) : sessions.get(sid)?.value;
    if (known === ENDED || debts.isEnded(sid)) return true;
    const key = this.userKeyOf(data);
    if (key === undefined) return false;
    const epoch = this.epochOf(key);
    const isKept = epoch !== undefined && epoch.keep === next;
    if (debts.isUserEnded(key, next ?? sid)) return true;
    return epoch !== undefined && !isKept && isOver(epoch, sid, carried(meta));
  }

  async check(list: readonly HeldSession[]): Promise<(Revision | typeof ENDED | undefined)[]> {
    const users = list.map(({ data }) => this.userKeyOf(data));
    const named = [...new Set(users.filter((key) => key !== undefined))];
    const keys = [...list.flatMap(({ sid }) => [sessionKey(sid), endKey(sid)]), ...named];
    const at = performance.now();
    const values = await this.questions.read(keys);
    const epochs = new Map(named.map((key, i) => [key, readEpoch(values[list.length * 2 + i])]));
    return list.map((session, i) => {
      const { sid } = session;
      const user = users[i];
      const epoch = (user !== undefined && epochs.get(user)) || NO_EPOCH;
      const stored = readPair(values[i * 2], values[i * 2 + 1]);
      const isLost = stored === undefined && this.keepsData;
      const outcome = isLost || this.isRevoked(session, stored, user, epoch) ? ENDED : stored;
      if (outcome !== undefined) this.questions.wrote(sid, outcome, at);
      return outcome;
    });
  }

  isRevoked(
    { sid, meta }: Pick<HeldSession, "sid" | "meta">,
    stored: Revision | typeof ENDED | undefined,
    user: string | undefined,
    epoch: UserEpoch,
  ): boolean {
    const { debts } = this.questions;
    if (stored === ENDED || debts.isEnded(sid)) return true;
    if (user === undefined || (epoch.count === 0 && debts.isEmpty)) return false;
    const newest = stored === undefined ? meta : (parseBody(stored.json)?.meta ?? meta);
    return debts.isUserEnded(user, sid) || isOver(epoch, sid, carried(newest));
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
    // No browser keeps a cookie longer, even one without an expiry.
    const seconds = Math.max(Math.min(exp - now, MAX_AGE_LIMIT), 1) + LATE;
    const at = performance.now();
    const { rev, json } = session;
    const write = { key: sessionKey(sid), base, rev, value: writeSession(json, now, exp), seconds };
    const newer = await this.questions.write(write);
    if (newer !== undefined) {
      // The answer to the first attempt was lost, and the client repeated the write automatically.
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
      await this.#end(sid, until);
    } catch (error) {
      this.report(error);
      // This process knows of the end, and writes it when the store is back.
      if (!this.isOptional) throw error;
    }
  }

  async #end(sid: string, until: number): Promise<void> {
    this.questions.wrote(sid, ENDED, performance.now());
    const writes = endsOf(sid, until);
    try {
      await Promise.all(writes.map((write) => this.questions.write(write)));
    } catch (error) {
      this.oweEnd(sid, until);
      throw error;
    }
  }

  /** Ends a session in this process now, and in the store as soon as possible. */
  oweEnd(sid: string, until: number): void {
    for (const write of endsOf(sid, until)) {
      this.questions.debts.owe(write, () => this.questions.pay());
    }
  }

  /**
   * Ends the old id after a renewal, unless the session was changed meanwhile.
   *
   * @returns the other change, if there was one
   */
  async seal(
    sid: string,
    until: number,
    base: number,
  ): Promise<Revision | typeof ENDED | undefined> {
    const seconds = Math.max(until - nowSeconds(), 1);
    const newer = await this.questions.write({ ...TOMB, key: sessionKey(sid), base, seconds });
    if (newer !== undefined) return readSession(newer);
    await this.#end(sid, until);
    return undefined;
  }

  async endUser(user: User, keep = "", asks?: HeldSession): Promise<void> {
    if (this.#subject === undefined) throw storeRequired();
    assertUser(user);
    const now = nowSeconds();
    const until = lastExpiryOfAny(this.#shared.settings.lifetimes, now);
    const key = userKey(user);
    // Read first, because after the revocation none of them is valid.
    const ended = await this.#signIns.ofUser(user).catch(() => []);
    try {
      await this.#countUp(key, keep, asks, until - now);
    } catch (error) {
      if (error instanceof SessionError && error.code === "ERR_SESSION_ENDED") throw error;
      this.questions.debts.oweUser(key, keep, until, () => this.questions.pay());
      this.#shared.live?.userEnded(key);
      this.report(error);
      throw error;
    }
    this.#shared.live?.userEnded(key);
    await this.#signIns.revoked(key, ended, keep);
  }

  async #countUp(key: string, keep: string, asks: HeldSession | undefined, seconds: number) {
    const keys = asks === undefined ? [key] : [key, endKey(asks.sid)];
    const [stored, end] = await this.questions.read(keys);
    let epoch = readEpoch(stored);
    for (let i = 0; i < ATTEMPTS; i += 1) {
      // A revoked session must not revoke the others or keep itself.
      const isRevoked = asks && (end || isOver(epoch, asks.sid, carried(asks.meta)));
      if (isRevoked) throw new SessionError("ERR_SESSION_ENDED", "This session was revoked.");
      const at = performance.now();
      const next = { count: nextCount(epoch.count), keep, at: nowSeconds() };
      const value = writeEpoch(next);
      const write = { key, base: epoch.count, rev: next.count, value, seconds };
      const newer = await this.questions.write(write);
      if (newer === undefined) {
        this.questions.wroteUser(key, next, at);
        return;
      }
      epoch = readEpoch(newer);
    }
    throw new SessionError(
      "ERR_SESSION_STORE",
      "Other revocations of this user kept coming first. Try again.",
      {
        status: 503,
      },
    );
  }

  report(error: unknown): void {
    const isLate = error instanceof SessionError && error.cause === undefined;
    this.#shared.settings.events.emit("store", undefined, {
      reason: isLate ? "timeout" : "failed",
      ...tellError("The session store", error),
    });
  }
}

/**
 * Returns the writes that end a session. One marks the end under a key that changes never write.
 * The other replaces the session's value, which deletes the data and makes a pending change fail.
 */
function endsOf(sid: string, until: number): Write[] {
  const end = { ...TOMB, base: ALWAYS, seconds: Math.max(until - nowSeconds(), 1) };
  return [endKey(sid), sessionKey(sid)].map((key) => ({ ...end, key }));
}
