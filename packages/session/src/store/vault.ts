import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { optionError, SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { storeRequired, type CheckedConnected } from "../session/connect.ts";
import {
  type Draft,
  ENDED,
  type LoadedSnapshot as Loaded,
  type LogRecord as Fact,
  type Outcome as Work,
  type Revision as StoredSession,
  type Saved,
  type Use,
  type User,
  type UserRecord as UserFact,
  type VerifiedCookie as Verified,
} from "../session/records.ts";
import { lastExpiry } from "../session/end.ts";
import type { Shared } from "../session/shared.ts";
import type { StorePort as Vault } from "../session/ports.ts";
import { hashSubject, readFact, writeFact } from "./facts.ts";
import { KeyValueAccess } from "./keyv.ts";
import { askStore } from "./limit.ts";
import { loadStored, mustAsk } from "./load.ts";
import { LogReader } from "./log.ts";
import { Mirror } from "./mirror.ts";
import { saveStored } from "./save.ts";
import { assertSubject, assertUser, findUser } from "./user.ts";
import {
  isSessionStore,
  revisionOf,
  type KeyValueStore,
  type SessionStore,
  type Write,
} from "./store.ts";

/** Above every revision, so that nothing is ever written over it. */
const TOMBSTONE = "9999999999 ended";
/** Seconds in which a request may still run that began with an older revision. */
const REQUEST_SECONDS = 600;
/** How far the second of a revocation may run ahead of the clock. */
const AHEAD_SECONDS = 30;

/** The store as requests see it: its log mirrored in this process, its failures bounded. */
export class StoreVault implements Vault {
  readonly keepsData: boolean;
  readonly isOptional: boolean;
  readonly #mirror = new Mirror();
  readonly #access: SessionStore | KeyValueAccess;
  readonly #log: LogReader | undefined;
  readonly #timeout: number;
  readonly #subject: string | undefined;
  readonly #shared: Shared;

  /** @throws SessionError `ERR_SESSION_OPTION` beside `writeAs` */
  constructor(store: SessionStore | KeyValueStore, shared: Shared, options: CheckedConnected) {
    if (shared.settings.writeAs !== undefined) {
      throw optionError("store and writeAs exclude each other: a shared cookie has no id.");
    }
    this.keepsData = options.storage === "store";
    this.isOptional = options.onStoreError === "allow";
    this.#timeout = options.storeTimeout * 1000;
    this.#subject = options.subject;
    this.#shared = shared;
    if (isSessionStore(store)) {
      this.#access = store;
      this.#log = new LogReader(store, this.#mirror, this.#timeout, (fact) => this.#tell(fact));
    } else {
      this.#access = new KeyValueAccess(store);
      this.#log = undefined;
    }
  }

  get knowsUsers(): boolean {
    return this.#subject !== undefined;
  }

  mustAsk(found: Verified | Loaded): boolean {
    return mustAsk(this.#shared, this, found);
  }

  load(found: Verified | Loaded, now: number): Promise<Loaded> {
    return loadStored(this.#shared, this, found, now);
  }

  save(draft: Draft, work: Work, behind: StoredSession | undefined, now: number): Promise<Saved> {
    return saveStored(this.#shared, this, draft, work, behind, now);
  }

  start(): void {
    this.#log?.start((error) => this.report(error));
  }

  stop(): void {
    this.#log?.stop();
  }

  learn(fact: Fact): boolean {
    return this.#mirror.learn(fact);
  }

  isCurrent(): boolean {
    return this.#log?.isCurrent() ?? false;
  }

  async refresh(): Promise<void> {
    await this.#log?.refresh();
  }

  /** Whether the store may know a newer revision than this one. */
  hasNewer(sid: string, rev: number): boolean {
    return this.#log === undefined || this.#mirror.revisionOf(sid) > rev;
  }

  async fetch(sid: string): Promise<StoredSession | typeof ENDED | undefined> {
    const value = await this.#ask(() => this.#access.get(keyOf(sid)));
    return value === undefined ? undefined : readSession(value);
  }

  userOf(data: object): User | undefined {
    return this.#subject === undefined ? undefined : findUser(data, this.#subject);
  }

  assertSubject(data: object): void {
    if (this.#subject !== undefined) assertSubject(data, this.#subject);
  }

  async learnUser(user: User): Promise<void> {
    if (this.#log !== undefined) return this.#log.refresh();
    const value = await this.#ask(() => this.#access.get(userKeyOf(hashSubject(user))));
    const fact = value === undefined ? undefined : readFact(value.slice(value.indexOf(" ") + 1));
    if (fact !== undefined) this.#mirror.learn(fact);
  }

  isEnded(sid: string, born: number, user: User | undefined): boolean {
    if (this.#mirror.isEnded(sid)) return true;
    const end = this.#endOf(user);
    return end !== undefined && born <= end.by && end.keep !== sid;
  }

  /** The first second in which a session of this user may begin. 0 where none was ended. */
  firstBirth(user: User): number {
    const end = this.#endOf(user);
    return end === undefined ? 0 : end.by + 1;
  }

  async replace(
    sid: string,
    base: number,
    { rev, json }: StoredSession,
    exp: number,
    use: Use,
  ): Promise<StoredSession | typeof ENDED | undefined> {
    const now = nowSeconds();
    // A cookie without an end is one that no browser keeps for longer.
    const last = Math.min(exp, now + MAX_AGE_LIMIT);
    const until = use === "socket" ? last : Math.min(last, now + REQUEST_SECONDS);
    const fact: Fact = { kind: "rev", sid, rev, until };
    const newer = await this.#write({
      key: keyOf(sid),
      base,
      value: `${rev} ${json}`,
      seconds: Math.max(last - now, 1),
      // Of a session that begins nobody else has a cookie.
      entry: use === "new" ? undefined : { text: writeFact(fact), until },
    });
    if (newer !== undefined) return readSession(newer);
    if (use !== "new") this.#mirror.learn(fact);
    return undefined;
  }

  async end(sid: string, until: number): Promise<void> {
    try {
      await this.close(sid, until);
    } catch (error) {
      this.report(error);
      // It holds in this process, and the store is told when it is back.
      if (!this.isOptional) throw error;
    }
  }

  /**
   * The same, and tells of every failure.
   * @param base where given, only while the store has no revision above it
   * @returns with a `base` what the store has instead, where this did not end it
   */
  async close(
    sid: string,
    until: number,
    base?: number,
  ): Promise<StoredSession | typeof ENDED | undefined> {
    const fact: Fact = { kind: "end", sid, until };
    const entry = { text: writeFact(fact), until };
    if (base === undefined) this.#mirror.learn(fact);
    let newer: string | undefined;
    try {
      newer = await this.#write({
        key: keyOf(sid),
        // An end without condition is written over whatever there is.
        base: base ?? Number.MAX_SAFE_INTEGER,
        value: TOMBSTONE,
        seconds: Math.max(until - nowSeconds(), 1),
        entry,
      });
    } catch (error) {
      // It holds here, and is told to the store as soon as that answers.
      if (base === undefined) this.#log?.owe(entry);
      throw error;
    }
    if (newer !== undefined) return readSession(newer);
    this.#mirror.learn(fact);
    return undefined;
  }

  async endUser(user: User, keep: string): Promise<void> {
    if (this.#subject === undefined) throw storeRequired();
    assertUser(user);
    const now = nowSeconds();
    const until = lastExpiry(this.#shared.settings.lifetimes, now, now, now);
    let fact: UserFact | undefined;
    try {
      fact = await this.#endUser(user, keep, until);
    } catch (error) {
      this.report(error);
      throw error;
    } finally {
      // Where the store failed it holds here all the same, and for the others once that answers.
      this.#shared.live?.userEnded(fact);
    }
  }

  async #endUser(user: User, keep: string, until: number): Promise<UserFact> {
    let failure: unknown;
    try {
      await this.learnUser(user);
    } catch (error) {
      failure = error;
    }
    const subject = hashSubject(user);
    const now = nowSeconds();
    const before = this.#mirror.endOf(subject)?.by ?? 0;
    // Later than the one before, also in the same second: who logged in between is to be ended.
    const by = before < now ? now : Math.min(before + 1, now + AHEAD_SECONDS);
    const fact: UserFact = { kind: "user", subject, by, keep, until };
    this.#mirror.learn(fact);
    const entry = { text: writeFact(fact), until };
    try {
      if (failure !== undefined) throw failure;
      if (this.#log !== undefined) await this.#log.append(entry);
      else await this.#writeUser(fact.subject, by, entry.text, until);
    } catch (error) {
      this.#log?.owe(entry);
      throw error;
    }
    return fact;
  }

  report(error: unknown): void {
    const isLate = error instanceof SessionError && error.cause === undefined;
    this.#shared.settings.events.emit("store", undefined, {
      reason: isLate ? "timeout" : "failed",
    });
  }

  async #writeUser(subject: string, by: number, text: string, until: number): Promise<void> {
    const seconds = until - nowSeconds();
    await this.#write({ key: userKeyOf(subject), base: by, value: `${by} ${text}`, seconds });
  }

  #tell(fact: Fact): void {
    if (fact.kind === "end") this.#shared.recent.end(fact.sid, nowSeconds());
    this.#shared.live?.learned(fact);
  }

  #endOf(user: User | undefined) {
    if (user === undefined || !this.#mirror.knowsUsers) return undefined;
    return this.#mirror.endOf(hashSubject(user));
  }

  #write(write: Write): Promise<string | undefined> {
    return this.#ask(() => this.#access.replace(write));
  }

  #ask<Answer>(question: () => Answer | Promise<Answer>): Promise<Answer> {
    return askStore(question, this.#timeout);
  }
}

const keyOf = (sid: string) => `s:${sid}`;
const userKeyOf = (subject: string) => `u:${subject}`;

function readSession(value: string): StoredSession | typeof ENDED {
  if (value === TOMBSTONE) return ENDED;
  const rev = revisionOf(value);
  const at = value.indexOf(" ");
  if (Number.isSafeInteger(rev) && at > 0) return { rev, json: value.slice(at + 1) };
  throw new SessionError("ERR_SESSION_STORE", "The store holds what is no session of Galleta's.", {
    status: 503,
  });
}
