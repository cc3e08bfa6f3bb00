import { optionError, SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import type { CheckedConnected } from "../session/connect.ts";
import { endOne } from "../session/end.ts";
import type { EndedBy } from "../session/event-types.ts";
import { shortHash } from "../session/hash.ts";
import type { JsonObject } from "../session/format.ts";
import { MAX_LABEL, type Draft, type User } from "../session/records.ts";
import type { RequestFacts } from "../session/request.ts";
import type { Shared } from "../session/shared.ts";
import { fieldKey, listKeyOf, userKey } from "./keys.ts";
import {
  entryOf,
  handleOf,
  handleOfEntry,
  isEntryDue,
  labelIn,
  type Saving,
} from "./sign-in-entry.ts";
import { SessionIndex, type Added, type IndexEntry, type Limit } from "./session-index.ts";
import type { StoreAccess } from "./store-access.ts";
import { assertUser, assertValue, findValue } from "./user.ts";

/** Keeps the lists of sessions, and emits events for logins and logouts. */
export class SignIns {
  readonly #shared: Shared;
  readonly #store: StoreAccess;
  readonly #findBy: readonly string[];
  readonly #limit: Limit | undefined;
  readonly #labels: CheckedConnected["labels"];
  readonly #index: SessionIndex;

  constructor(shared: Shared, store: StoreAccess, options: CheckedConnected) {
    const { findBy, maxSessions, labels } = options;
    this.#shared = shared;
    this.#store = store;
    this.#findBy = findBy;
    this.#labels = labels;
    this.#limit = limitOf(maxSessions);
    this.#index = new SessionIndex(store, (data) => this.#listsOf(data));
  }

  /** Makes a label from the User-Agent header, if the session has a user but no label. */
  labelOf({ data, meta }: Draft, request: RequestFacts | undefined): string | undefined {
    if (this.#labels === undefined || meta.label !== undefined) return undefined;
    const agent = request?.header("user-agent");
    if (agent === undefined || this.#store.userOf(data) === undefined) return undefined;
    try {
      const label: unknown = this.#labels(agent);
      return typeof label === "string" ? label.slice(0, MAX_LABEL) || undefined : undefined;
    } catch {
      // Clients may send any text. If it makes the parser throw, the login must still work.
      return undefined;
    }
  }

  /**
   * Adds a session to its lists of sessions, before the session itself is written.
   *
   * @returns the user's sessions above `maxSessions`, which must end after this session is written
   * @throws SessionError `ERR_SESSION_LIMIT` if `maxSessions` denies the login;
   *   `ERR_SESSION_SUBJECT` if a field of `findBy` has a value that `endWhere` would not accept;
   *   `ERR_SESSION_STORE` if the store fails
   */
  async note(saving: Saving): Promise<readonly IndexEntry[]> {
    const { draft, before, issued } = saving;
    const { data, loaded, sid } = draft;
    for (const field of this.#findBy) assertValue(data, field);
    const lists = this.#listsOf(data);
    if (lists.length === 0) return [];
    const known = sid !== loaded.sid || before === undefined ? [] : this.#listsOf(before);
    const isDue = isEntryDue(this.#shared.settings.lifetimes, draft, issued);
    const user = this.#store.userKeyOf(data);
    const entry = entryOf(saving, user);
    const surplus: IndexEntry[] = [];
    for (const key of lists) {
      const isNew = !known.includes(key);
      if (!isNew && !isDue) continue;
      const isLogin = isNew && user !== undefined && key === listKeyOf(user);
      const limit = isLogin ? this.#limit : undefined;
      const added = await this.#add(key, entry, limit, loaded.sid, isNew);
      surplus.push(...added.surplus);
      if (user !== undefined && key === listKeyOf(user)) this.#reportExpired(added.expired);
    }
    return surplus;
  }

  /**
   * Adds a session to a list, or updates its entry there. If the store fails, throws only for a
   * session that is new in the list: a login must be listed, but the time of the last use may be
   * outdated.
   */
  async #add(
    key: string,
    entry: IndexEntry,
    limit: Limit | undefined,
    replaces: string,
    isNew: boolean,
  ): Promise<Added> {
    try {
      return await this.#index.add(key, entry, { limit, replaces });
    } catch (error) {
      if (error instanceof SessionError && error.code === "ERR_SESSION_LIMIT") throw error;
      this.#store.report(error);
      if (isNew && !this.#store.isOptional) throw error;
      return { surplus: [], expired: [] };
    }
  }

  /**
   * After a session was written, emits `login` and `logout` if its user changed, and ends the user's
   * sessions above `maxSessions`.
   */
  async written({ draft, before }: Saving, surplus: readonly IndexEntry[]): Promise<void> {
    const { sid, data, meta, loaded } = draft;
    const was = before && this.#store.userOf(before);
    const user = this.#store.userOf(data);
    if (was !== undefined && was !== user) await this.#logout(loaded.sid, was, loaded.meta);
    if (user !== undefined && was !== user) {
      const handle = handleOf(userKey(user), sid);
      this.#shared.settings.events.emit("login", sid, { handle, user, label: labelIn(meta) });
    }
    const other = user === undefined ? undefined : handleOf(userKey(user), sid);
    const endings = surplus.map((entry) => this.#end(entry, "maxSessions", other));
    // An end that could not be written is written when the store works again.
    await Promise.allSettled(endings);
  }

  /**
   * Handles a logout, where a request ends its own session: emits the event `logout`, and removes
   * the session from its user's list. Does nothing if the session has no user.
   */
  loggedOut(sid: string, data: object, meta: JsonObject): Promise<void> | undefined {
    const user = this.#store.userOf(data);
    return user === undefined ? undefined : this.#logout(sid, user, meta);
  }

  #logout(sid: string, user: User, meta: JsonObject): Promise<void> {
    const handle = handleOf(userKey(user), sid);
    this.#shared.settings.events.emit("logout", sid, { handle, user, label: labelIn(meta) });
    return this.#index.remove(listKeyOf(userKey(user)), (entry) => entry.sid === sid);
  }

  /** Returns the valid sessions of a user. */
  async ofUser(user: User): Promise<readonly IndexEntry[]> {
    assertUser(user);
    return this.#index.read(listKeyOf(userKey(user)));
  }

  /**
   * Ends the session with this handle, which is its public name from `sessions.list`.
   *
   * @param by the session whose request calls this, if any. It must belong to the same user
   * @returns true if it ended a session
   */
  async end(
    handle: string,
    by?: { readonly sid: string; readonly data: object },
  ): Promise<boolean> {
    const [list = "", hash] = handle.split(".");
    const asks = by && this.#store.userKeyOf(by.data);
    if (by !== undefined && (asks === undefined || listKeyOf(asks) !== `l:${list}`)) return false;
    if (!/^[\w-]{22}$/.test(list)) return false;
    const entries = await this.#index.read(`l:${list}`);
    const found = entries.find(({ sid }) => shortHash(sid) === hash);
    if (found === undefined) return false;
    await this.#end(found, by ? "session" : "app", by && asks && handleOf(asks, by.sid));
    return true;
  }

  /**
   * Ends all sessions that have this value in a field of the option `findBy`.
   *
   * @returns how many sessions it ended
   * @throws SessionError `ERR_SESSION_OPTION` for a field that `findBy` does not name
   */
  async endWhere(field: string, value: User): Promise<number> {
    if (!this.#findBy.includes(field)) {
      throw optionError(`endWhere("${field}") needs the option \`findBy: ["${field}"]\`.`);
    }
    assertUser(value, `The value of "${field}"`);
    const entries = await this.#index.read(fieldKey(field, value));
    await Promise.all(entries.map((entry) => this.#end(entry, "app")));
    return entries.length;
  }

  /**
   * Emits the event `ended` for each revoked session of a user, and takes these sessions off the
   * user's list.
   *
   * @param keep the id of the session that was not revoked, or ""
   */
  async revoked(user: string, entries: readonly IndexEntry[], keep: string): Promise<void> {
    const by = keep === "" ? "revokeAll" : "revokeOthers";
    const kept = entries.find(({ sid }) => sid === keep);
    const other = kept && handleOfEntry(kept);
    for (const entry of entries) if (entry !== kept) this.#reportEnded(entry, by, other);
    await this.#index.remove(listKeyOf(user), ({ sid }) =>
      entries.some((entry) => entry !== kept && entry.sid === sid),
    );
  }

  async #end(entry: IndexEntry, by: EndedBy, other?: string): Promise<void> {
    const ending = endOne(this.#shared, entry, nowSeconds());
    this.#reportEnded(entry, by, other);
    await ending;
    const { user, sid } = entry;
    if (user !== undefined) await this.#index.remove(listKeyOf(user), (one) => one.sid === sid);
  }

  #reportEnded(entry: IndexEntry, by: EndedBy, other?: string): void {
    const { sid, label } = entry;
    const handle = handleOfEntry(entry);
    this.#shared.settings.events.emit("ended", sid, { by, handle, label, other });
  }

  #reportExpired(entries: readonly IndexEntry[]): void {
    for (const entry of entries) this.#reportEnded(entry, "expiry");
  }

  /** Returns the keys of the lists that a session with this data belongs to. */
  #listsOf(data: object): readonly string[] {
    const user = this.#store.userKeyOf(data);
    const lists = user === undefined ? [] : [listKeyOf(user)];
    for (const field of this.#findBy) {
      const value = findValue(data, field);
      if (value !== undefined) lists.push(fieldKey(field, value));
    }
    return lists;
  }
}

function limitOf(option: CheckedConnected["maxSessions"]): Limit | undefined {
  if (option === undefined) return undefined;
  if (typeof option === "number") return { max: option, denies: false };
  return { max: option.max, denies: option.over === "deny" };
}
