import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { LATE } from "../session/end.ts";
import { parseBody } from "../session/json.ts";
import { ENDED } from "../session/records.ts";
import { NEVER, type Times } from "../token/header.ts";
import { NO_EPOCH, readEpoch } from "./epoch.ts";
import { isRevoked } from "./held.ts";
import { endKey, sessionKey, timesOf } from "./keys.ts";
import { readPair } from "./questions.ts";
import type { StoreAccess } from "./store-access.ts";
import type { StoredValue } from "./store.ts";

/** The most sessions in one list. If there are more, those used longest ago are left out. */
const MAX_LISTED = 100;
/** If a list has at least this many sessions, adding one first removes those that have ended. */
const PRUNE_AT = 32;
const ATTEMPTS = 100;
/**
 * How many seconds the store keeps a list after its last session expired. The next login can then
 * report that this session expired.
 */
const KEPT = 86_400;
/**
 * A session is written at most this many seconds after it was added to a list. Until then, a
 * missing value in the store does not mean that the session has ended.
 */
const ON_ITS_WAY = 60;

/** One session in a stored list of sessions. */
export interface IndexEntry extends Times {
  readonly sid: string;
  /** The key of the session's user in the store. */
  readonly user?: string | undefined;
  /** How often the user's sessions had been revoked at the login, or at the last renewal. */
  readonly epoch: number;
  readonly label?: string | undefined;
  /** True if the session is bound to a device. */
  readonly bound?: true | undefined;
  /** True if the session was renewed and now has another id. */
  readonly isFormer?: true;
}

/** The limit for the sessions of one user, from the option `maxSessions`. */
export interface Limit {
  /** How many sessions one user may have. */
  readonly max: number;
  /** True if a login above the limit is denied; false if it ends the user's oldest session. */
  readonly denies: boolean;
}

/** The result of adding a session to a list. */
export interface Added {
  /** Sessions above the limit for one user. The caller must end them. */
  readonly surplus: readonly IndexEntry[];
  /** Sessions that were dropped from the list because they expired. */
  readonly expired: readonly IndexEntry[];
}

/**
 * Lists of sessions in the store, by user and by the fields of `findBy`. A session is added to its
 * lists before it is written, so no written session is missing. Ended sessions may stay listed
 * until a later login removes them, so a reader must check each entry.
 */
export class SessionIndex {
  readonly #store: StoreAccess;
  /** Returns the keys of the lists that a session with this data belongs to. */
  readonly #keysOf: (data: object) => readonly string[];

  constructor(store: StoreAccess, keysOf: (data: object) => readonly string[]) {
    this.#store = store;
    this.#keysOf = keysOf;
  }

  /** Returns the valid sessions of a list, most recently used first. */
  async read(key: string): Promise<readonly IndexEntry[]> {
    const [stored] = await this.#store.questions.read([key]);
    const alive = await this.#alive(key, parse(stored));
    return alive.toSorted((a, b) => b.iat - a.iat);
  }

  /**
   * Adds a session to a list, or updates its entry.
   *
   * @param replaces the id that the session had before its renewal
   * @throws SessionError `ERR_SESSION_LIMIT` if the limit denies the session; `ERR_SESSION_STORE`
   *   if the store fails
   */
  async add(
    key: string,
    entry: IndexEntry,
    { limit, replaces }: { limit?: Limit | undefined; replaces?: string } = {},
  ): Promise<Added> {
    const { questions } = this.#store;
    const most = Math.min(limit?.max ?? PRUNE_AT, PRUNE_AT);
    let [stored] = await questions.read([key]);
    for (let i = 0; i < ATTEMPTS; i += 1) {
      const all = parse(stored)
        .filter(({ sid }) => sid !== entry.sid)
        .map((one) => (one.sid === replaces ? { ...one, isFormer: true as const } : one));
      const isLong = all.length >= most;
      const others = isLong ? await this.#alive(key, all) : all.filter((one) => !isPast(one));
      const surplus = limit === undefined ? [] : overLimit(limit, others, replaces);
      const entries = [entry, ...others].slice(0, MAX_LISTED);
      const rev = (stored?.rev ?? 0) + 1;
      const value = JSON.stringify(entries);
      const write = { key, base: rev - 1, rev, value, seconds: secondsOf(entries) };
      stored = await questions.write(write);
      // A database client that lost the answer repeats the write automatically, and then finds its
      // own value.
      if (stored === undefined || stored.value === value) {
        return { surplus, expired: all.filter((one) => isPast(one) && !one.isFormer) };
      }
    }
    throw new SessionError(
      "ERR_SESSION_STORE",
      "Other requests kept changing the list of sessions first, so this session was not added. Try again.",
      { status: 503 },
    );
  }

  /**
   * Removes ended sessions from a list. If the store fails, they stay listed, and readers leave
   * them out.
   */
  async remove(key: string, isEnded: (entry: IndexEntry) => boolean): Promise<void> {
    const { questions } = this.#store;
    try {
      let [stored] = await questions.read([key]);
      for (let i = 0; i < ATTEMPTS && stored !== undefined; i += 1) {
        const all = parse(stored);
        const entries = all.filter((entry) => !isEnded(entry));
        if (entries.length === all.length) return;
        const rev = stored.rev + 1;
        const value = JSON.stringify(entries);
        const write = { key, base: rev - 1, rev, value, seconds: secondsOf(entries) };
        stored = await questions.write(write);
      }
    } catch (error) {
      this.#store.report(error);
    }
  }

  /**
   * Returns the sessions of a list that are valid, each with the times of its newest cookie. Leaves
   * out sessions that have ended, have expired, or no longer belong to the list.
   */
  async #alive(key: string, entries: readonly IndexEntry[]): Promise<IndexEntry[]> {
    if (entries.length === 0) return [];
    const users = [...new Set(entries.flatMap(({ user }) => user ?? []))];
    const own = entries.flatMap(({ sid }) => [sessionKey(sid), endKey(sid)]);
    const values = await this.#store.questions.read([...own, ...users]);
    const epochs = new Map(users.map((user, i) => [user, readEpoch(values[own.length + i])]));
    const now = nowSeconds();
    return entries.flatMap((entry, i) => {
      const { sid, user, epoch } = entry;
      const session = values[i * 2];
      const stored = readPair(session, values[i * 2 + 1]);
      const revocations = (user !== undefined && epochs.get(user)) || NO_EPOCH;
      if (isRevoked(this.#store, { sid, meta: { epoch } }, stored, user, revocations)) return [];
      const isOnItsWay = now - entry.iat <= ON_ITS_WAY;
      if (stored === undefined && this.#store.keepsData && !isOnItsWay) return [];
      const body = stored === undefined || stored === ENDED ? undefined : parseBody(stored.json);
      if (body !== undefined && !this.#keysOf(body.data).includes(key)) return [];
      const { iat = 0, exp = 0 } = (session && timesOf(session)) ?? {};
      const newest = { ...entry, ...(iat > entry.iat && { iat, exp }) };
      return newest.exp > now ? [newest] : [];
    });
  }
}

function parse(stored: StoredValue | undefined): readonly IndexEntry[] {
  return stored === undefined ? [] : (JSON.parse(stored.value) as IndexEntry[]);
}

/**
 * Returns the oldest sessions, which must end so that a new login stays within the limit.
 *
 * @throws SessionError `ERR_SESSION_LIMIT` if the limit denies another login
 */
function overLimit(
  { max, denies }: Limit,
  others: readonly IndexEntry[],
  replaces: string | undefined,
): readonly IndexEntry[] {
  const counted = others.filter(({ sid }) => sid !== replaces);
  if (counted.length < max) return [];
  // Times are whole seconds. If two sessions began in the same second, the older is later in the
  // list.
  const oldest = counted.toReversed().toSorted((a, b) => a.born - b.born);
  if (!denies) return oldest.slice(0, counted.length - max + 1);
  throw new SessionError(
    "ERR_SESSION_LIMIT",
    "The user has as many sessions as `maxSessions` allows. Ask `sessions.list(user)` before the login, and let the user end one of them.",
    { status: 403 },
  );
}

/**
 * True if no cookie of a listed session can still be valid. A change of the data prolongs the
 * session, but does not always update the session's entry in the list. So the session may expire
 * later than the entry's `exp`, by up to a tenth of its lifetime.
 */
function isPast({ iat, exp }: IndexEntry): boolean {
  return exp + (exp - iat) / 10 + LATE < nowSeconds();
}

function secondsOf(entries: readonly IndexEntry[]): number {
  const now = nowSeconds();
  const last = entries.reduce((latest, { exp }) => Math.max(latest, exp), now);
  const seconds = last - now + Math.ceil((last - now) / 10) + LATE + KEPT;
  return last >= NEVER ? MAX_AGE_LIMIT : Math.min(seconds, MAX_AGE_LIMIT);
}
