import { SessionError } from "../errors.ts";
import { announce, dropExpired } from "../session/announce.ts";
import { lastExpiry } from "../session/end.ts";
import type { JsonObject } from "../session/format.ts";
import { parseBody } from "../session/json.ts";
import { mergeBodies } from "../session/merge.ts";
import {
  ENDED,
  type Draft,
  type Outcome,
  type Revision,
  type Saved,
  type Snapshot,
} from "../session/records.ts";
import type { Shared } from "../session/shared.ts";
import { newSnapshot } from "../session/snapshot.ts";
import { writeCookies } from "../session/write-cookies.ts";
import { endSoon, sealOld } from "./ends.ts";
import { carried, isOver } from "./epoch.ts";
import { withEpoch } from "./load.ts";
import type { IndexEntry } from "./session-index.ts";
import type { SignIns } from "./sign-ins.ts";
import type { StoreAccess } from "./store-access.ts";

/**
 * The most attempts to save a session. An attempt fails only if another request saved the same
 * session first.
 */
const ATTEMPTS = 100;

/**
 * Saves a session with a store. If another request saved the session first, merges both changes and
 * tries again.
 *
 * @param behind a newer revision than the one that the request read, if this process knows one
 */
export async function saveStored(
  shared: Shared,
  store: StoreAccess,
  signIns: SignIns,
  draft: Draft,
  work: Outcome,
  behind: Revision | undefined,
  now: number,
): Promise<Saved> {
  const { loaded, sid } = draft;
  store.assertSubject(draft.data);
  const before = loaded.isFlat ? loaded.data : parseBody(loaded.json)?.data;
  const count = await initialCount(store, draft, work, before);
  if (count === ENDED) return endedMeanwhile(shared, loaded.sid);
  const isFirst = loaded.isNew || draft.destroyed || loaded.isForeign === true;
  const epoch = count ?? carried(loaded.meta);
  const noting = { draft, before: isFirst ? undefined : before, epoch };
  let surplus: readonly IndexEntry[] | undefined;
  const writer = new Writer(shared, store, draft, work, now, count);
  let newer = behind;
  for (let count = 0; count < ATTEMPTS; count += 1) {
    if (newer !== undefined) writer.rebase(newer);
    const { issued } = writer;
    if (issued.exp <= issued.iat) return dropExpired(shared, draft);
    const flat = issued.json === work.json ? work.flat : undefined;
    const setCookie = writeCookies(shared, draft, issued, now, flat);
    surplus ??= await signIns.note({ ...noting, issued });
    const outcome = await writer.write();
    if (outcome === ENDED) return endedMeanwhile(shared, sid);
    if (outcome === undefined) {
      announce(shared, draft, issued, work.changed, now);
      await signIns.written({ ...noting, issued }, surplus);
      return { setCookie, issued };
    }
    newer = outcome;
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "Other requests kept changing the session first, so this change was not stored. Try again.",
    { status: 503 },
  );
}

/**
 * Returns how often the user's sessions were revoked, for the session to carry in its metadata.
 *
 * @returns `undefined` if the count does not change, `ENDED` if the session was revoked meanwhile
 */
async function initialCount(
  store: StoreAccess,
  { loaded, sid, data, destroyed }: Draft,
  { renewed }: Outcome,
  before: JsonObject | undefined,
): Promise<number | typeof ENDED | undefined> {
  const was = before && store.userOf(before);
  const isFirst = loaded.isNew || destroyed;
  const judged = { sid: loaded.sid, next: sid, data: before ?? {}, meta: loaded.meta };
  if (!isFirst && store.knowsEnd(judged)) return ENDED;
  const key = store.userKeyOf(data);
  if (key === undefined) return carried(loaded.meta) === 0 ? undefined : 0;
  const isSame = !isFirst && !loaded.isForeign && store.userOf(data) === was;
  if (isSame && !renewed) return undefined;
  // Always reads the store: a login right after a revocation must carry the new count.
  const told = await attempt(store, () => store.readEpoch(key));
  if (told === undefined) return 0;
  // A renewal must not save a session that was revoked while the request ran.
  const isKept = told.keep === sid;
  return isSame && !isKept && isOver(told, loaded.sid, carried(loaded.meta)) ? ENDED : told.count;
}

/** Reports that another request ended the session. The response then sets no cookie. */
function endedMeanwhile({ settings }: Shared, sid: string): Saved {
  settings.events.emit("revoked", sid);
  return { setCookie: [] };
}

/**
 * Asks the store. If the store fails, throws, or returns `undefined` if `onStoreError` allows the
 * request to go on without it.
 */
async function attempt<Answer>(store: StoreAccess, question: () => Promise<Answer>) {
  try {
    return await question();
  } catch (error) {
    store.report(error);
    if (!store.isOptional || store.keepsData) throw error;
    return undefined;
  }
}

/** Writes the change of one request into the store, merged with the changes of other requests. */
class Writer {
  issued: Snapshot;
  readonly #shared: Shared;
  readonly #store: StoreAccess;
  readonly #draft: Draft;
  readonly #work: Outcome;
  readonly #now: number;
  /** The newest known revision of the session. The request's change was last merged with it. */
  #base: Revision;
  /** The revision that is already stored under the session's new id; 0 if there is none. */
  #written: number;
  readonly #count: number | undefined;

  /**
   * @param count the count of the user's revocations for the session to carry; `undefined` to leave
   *   the count in the session as it is
   */
  constructor(
    shared: Shared,
    store: StoreAccess,
    draft: Draft,
    work: Outcome,
    now: number,
    count: number | undefined,
  ) {
    this.#count = count;
    this.#shared = shared;
    this.#store = store;
    this.#draft = draft;
    this.#work = work;
    this.#now = now;
    this.#base = draft.loaded;
    this.#written = 0;
    this.issued = this.#issue(draft.loaded.rev, work.json);
  }

  /** Merges the request's change with a newer revision of the session. */
  rebase(newer: Revision): void {
    const { sid } = this.#draft;
    const ours = this.issued.json;
    const json = this.#work.changed
      ? mergeBodies(this.#shared, sid, this.#base.json, newer.json, ours)
      : newer.json;
    this.#base = newer;
    this.issued = this.#issue(newer.rev, json);
  }

  #issue(base: number, json: string): Snapshot {
    const { changed, renewed } = this.#work;
    const counted = this.#count === undefined ? json : withEpoch(json, this.#count);
    const revision = { rev: base + (changed || renewed ? 1 : 0), json: counted };
    return newSnapshot(this.#shared, this.#draft, revision, this.#now);
  }

  /**
   * Writes the request's change into the store.
   *
   * @returns `undefined` if the change was written; otherwise the newer revision in the store, or
   *   `ENDED` if the session has ended
   */
  async write(): Promise<Revision | typeof ENDED | undefined> {
    const { changed, renewed } = this.#work;
    const { loaded, sid, destroyed } = this.#draft;
    const store = this.#store;
    // A session that only gets a new lifetime is saved in its cookie, unless the store holds its
    // data.
    if (!changed && !renewed && !store.keepsData) return undefined;
    const isOther = renewed || loaded.isNew;
    const base = isOther ? this.#written : this.#base.rev;
    const newer = await attempt(store, () =>
      store.replace(sid, base, this.issued, this.issued.exp),
    );
    this.#written = this.issued.rev;
    if (newer !== undefined || !renewed || loaded.isNew || destroyed) return newer;
    // The old id ends after the new one is stored. If another request changed the session under the
    // old id meanwhile, that change is merged, and the new id is written again.
    const { lifetimes } = this.#shared.settings;
    const until = lastExpiry(lifetimes, loaded, this.#now);
    let newest: Revision | typeof ENDED | undefined;
    try {
      newest = await sealOld(store, loaded.sid, until, this.#base.rev);
    } catch (error) {
      store.report(error);
      if (!store.isOptional || store.keepsData) throw error;
      endSoon(store, loaded.sid, until);
    }
    if (newest === undefined) this.#shared.recent.end(loaded.sid, this.#now);
    return newest;
  }
}
