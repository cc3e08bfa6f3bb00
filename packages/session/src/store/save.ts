import { SessionError } from "../errors.ts";
import { mergeBodies } from "../session/merge.ts";
import {
  type Draft,
  ENDED,
  type Outcome as Work,
  type Revision as StoredSession,
  type Saved,
  type Snapshot as Issued,
} from "../session/records.ts";
import { lastExpiry } from "../session/end.ts";
import { writeCookies } from "../session/write-cookies.ts";
import { parseBody } from "../session/json.ts";
import type { Shared } from "../session/shared.ts";
import { newSnapshot as issue } from "../session/snapshot.ts";
import { announce as tell, dropExpired as refuseExpired } from "../session/announce.ts";
import type { StoreVault } from "./vault.ts";

/** Every failed attempt is one on which another request succeeded. */
const ATTEMPTS = 100;

/**
 * A commit that the store takes part in: it is written only on top of the newest revision, with
 * which it is merged as often as others were faster.
 *
 * @param behind a newer revision that is known already
 */
export async function saveStored(
  shared: Shared,
  vault: StoreVault,
  draft: Draft,
  work: Work,
  behind: StoredSession | undefined,
  now: number,
): Promise<Saved> {
  const { loaded, sid } = draft;
  vault.assertSubject(draft.data);
  const user = vault.userOf(draft.data);
  const before = parseBody(loaded.json);
  const was = before === undefined ? undefined : vault.userOf(before.data);
  const isFirst = loaded.isNew || draft.destroyed;
  if (!isFirst && vault.isEnded(loaded.sid, loaded.born, was)) return refuse(shared, loaded.sid);
  let { born } = draft;
  if (user !== undefined && (isFirst || work.renewed || user !== was)) {
    // Whoever logs in right after all sessions of the user were ended begins after that.
    await attempt(vault, () => vault.learnUser(user));
    born = Math.max(born, vault.firstBirth(user));
  }
  const writer = new Writer(shared, vault, { ...draft, born }, work, now);
  let newer = behind;
  for (let count = 0; count < ATTEMPTS; count += 1) {
    if (newer !== undefined) writer.rebase(newer);
    const { issued } = writer;
    if (issued.exp <= issued.iat) return refuseExpired(shared, draft);
    const setCookie = writeCookies(shared, draft, issued, now);
    const outcome = await writer.write();
    if (outcome === ENDED) return refuse(shared, sid);
    if (outcome === undefined) {
      tell(shared, draft, issued, work.changed, now);
      return { setCookie, issued };
    }
    newer = outcome;
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "Other requests changed the session without a pause, so this change was not stored.",
    { status: 503 },
  );
}

/** Another request ended the session while this one ran: it stays ended. */
function refuse({ settings }: Shared, sid: string): Saved {
  settings.events.emit("revoked", sid);
  return { setCookie: [] };
}

/** Does without the store's answer where requests go on without it. */
async function attempt<Answer>(vault: StoreVault, question: () => Promise<Answer>) {
  try {
    return await question();
  } catch (error) {
    vault.report(error);
    if (!vault.isOptional || vault.keepsData) throw error;
    return undefined;
  }
}

/** One commit on its way into the store. */
class Writer {
  issued: Issued;
  readonly #shared: Shared;
  readonly #vault: StoreVault;
  readonly #draft: Draft;
  readonly #work: Work;
  readonly #now: number;
  /** What the change was made to: the newest revision that is merged in. */
  #base: StoredSession;
  /** The revision of the id that is written, as far as this writer wrote it. */
  #written: number;

  constructor(shared: Shared, vault: StoreVault, draft: Draft, work: Work, now: number) {
    this.#shared = shared;
    this.#vault = vault;
    this.#draft = draft;
    this.#work = work;
    this.#now = now;
    this.#base = draft.loaded;
    this.#written = 0;
    this.issued = this.#issue(draft.loaded.rev, work.json);
  }

  /** Puts the change on top of a newer revision. */
  rebase(newer: StoredSession): void {
    const { sid } = this.#draft;
    const ours = this.issued.json;
    const json = this.#work.changed
      ? mergeBodies(this.#shared, sid, this.#base.json, newer.json, ours)
      : newer.json;
    this.#base = newer;
    this.issued = this.#issue(newer.rev, json);
  }

  #issue(base: number, json: string): Issued {
    const { changed, renewed } = this.#work;
    const rev = base + (changed || renewed ? 1 : 0);
    return issue(this.#shared, this.#draft, { rev, json }, this.#now);
  }

  /** @returns what the store has instead, where that is newer */
  async write(): Promise<StoredSession | typeof ENDED | undefined> {
    const { changed, renewed } = this.#work;
    const { loaded, sid, destroyed } = this.#draft;
    const vault = this.#vault;
    // What only gets a new lifetime is in the cookie, unless the store has the data.
    if (!changed && !renewed && !vault.keepsData) return undefined;
    const isOther = renewed || loaded.isNew;
    const base = isOther ? this.#written : this.#base.rev;
    const newer = await attempt(vault, () =>
      vault.replace(sid, base, this.issued, this.issued.exp, isOther ? "new" : "request"),
    );
    this.#written = this.issued.rev;
    if (newer !== undefined || !renewed || loaded.isNew || destroyed) return newer;
    // Only now, when the new one is there. If another request changed the old one meanwhile, its
    // change is merged and the new one written again.
    const { lifetimes } = this.#shared.settings;
    const until = lastExpiry(lifetimes, loaded.born, loaded.exp, this.#now);
    let newest: StoredSession | typeof ENDED | undefined;
    try {
      newest = await vault.close(loaded.sid, until, this.#base.rev);
    } catch (error) {
      vault.report(error);
      if (!vault.isOptional || vault.keepsData) throw error;
      // Without a condition it holds here at once, and the store is told when it is back.
      vault.close(loaded.sid, until).catch(() => undefined);
    }
    if (newest === undefined) this.#shared.recent.end(loaded.sid, this.#now);
    return newest;
  }
}
