import type { MaybePromise } from "../maybe.ts";
import { assertFits, flatCopy, isSame, serializeBody } from "./body.ts";
import { mergeBodies } from "./merge.ts";
import type { Draft, LoadedSnapshot, RecentChange, Saved } from "./records.ts";
import { endSession } from "./end.ts";
import { deletions, writeCookies } from "./write-cookies.ts";
import type { JsonObject } from "./format.ts";
import { assertJson, NO_META, parseBody } from "./json.ts";
import { lifetimesOf, ownMaxAge } from "./lifetime.ts";
import type { Shared } from "./shared.ts";
import { newSnapshot } from "./snapshot.ts";
import { announce, dropExpired } from "./announce.ts";

/** The JSON of a session that holds nothing. */
export const EMPTY_BODY = "{}";

/**
 * Decides what a response owes to its session: nothing, a fresh cookie, or a deletion. A promise
 * only where a store has to be told.
 *
 * @param now seconds since 1970
 * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_SCHEMA`,
 * `ERR_SESSION_FORMAT` or `ERR_SESSION_STORE`. A session that was to be destroyed is ended all the
 * same.
 */
export function saveSession(shared: Shared, draft: Draft, now: number): MaybePromise<Saved> {
  const { loaded, data, meta, destroyed } = draft;
  // What another request made of the session that this one began with; a renewed one still has
  // its data, so it neither survives a logout nor loses a change.
  const known = destroyed ? undefined : shared.recent.peek(loaded.sid);
  const ending = destroyed ? endSession(shared, loaded, now) : undefined;
  assertJson(data);
  const json = isBare(data, meta) ? EMPTY_BODY : serializeBody(data, meta);
  // What another request put in meanwhile is not ours to throw away.
  const isBehind = known !== undefined && !known.ended && known.rev > loaded.rev;
  const isEmpty = json === EMPTY_BODY && !isBehind;
  return after(ending, isEmpty ? clear(shared, draft, now) : save(shared, draft, json, known, now));
}

/** Metadata that describes a session. By itself it is no reason to keep one. */
const DESCRIBING: ReadonlySet<string> = new Set(["from", "maxAge", "epoch", "device"]);

/** Whether nothing is left that is worth a cookie. */
function isBare(data: JsonObject, meta: JsonObject): boolean {
  for (const _ in data) return false;
  return Object.keys(meta).every((key) => DESCRIBING.has(key));
}

function after(ending: Promise<unknown> | undefined, saved: MaybePromise<Saved>) {
  return ending === undefined ? saved : Promise.all([saved, ending]).then(([first]) => first);
}

function save(
  shared: Shared,
  draft: Draft,
  json: string,
  known: RecentChange | undefined,
  now: number,
): MaybePromise<Saved> {
  const { settings, store, recent } = shared;
  const { loaded, sid, data, meta, destroyed } = draft;
  const renewed = sid !== loaded.sid;
  const changed = json !== loaded.json && (loaded.isNew || !isRespelt(loaded, draft, json));
  if (changed) assertFits(settings, data);
  if (known?.ended === true) {
    // Another request ended the session while this one ran: it stays ended.
    settings.events.emit("revoked", loaded.sid);
    return { setCookie: [] };
  }
  if (!changed && !renewed && !loaded.reissue && !isDue(shared, loaded, now)) {
    return { setCookie: [], issued: loaded };
  }
  const behind = known !== undefined && known.rev > loaded.rev ? known : undefined;
  if (store !== undefined) return store.save(draft, { json, changed, renewed }, behind, now);
  let body = json;
  if (behind !== undefined) {
    body = changed ? mergeBodies(shared, sid, loaded.json, behind.json, json) : behind.json;
  }
  if (body === EMPTY_BODY) return clear(shared, draft, now);
  const rev = (behind ?? loaded).rev + (changed || renewed ? 1 : 0);
  const issued = newSnapshot(shared, draft, { rev, json: body }, now);
  if (issued.exp <= issued.iat) return dropExpired(shared, draft);
  const flat = body === json ? flatCopy(data, meta) : undefined;
  const setCookie = writeCookies(shared, draft, issued, now, flat);
  // Not before the new cookie is sure to fit: the old one is all that the client has.
  if (renewed && !loaded.isNew && !destroyed) recent.end(loaded.sid, now);
  announce(shared, draft, issued, changed, now);
  return { setCookie, issued };
}

/**
 * Nothing is left: the cookie goes, and where there was data, with it every copy that can be
 * refused. A session that only had a message in it is no login: taking the message out does not
 * end it, so that a request running beside this one may still put something in.
 */
function clear(shared: Shared, draft: Draft, now: number): MaybePromise<Saved> {
  const { loaded, sid, destroyed } = draft;
  // A cookie that was refused is left alone: an empty session that stays empty changes nothing.
  if (loaded.isNew && !destroyed) return { setCookie: [] };
  const saved = { setCookie: deletions(shared, loaded.cookies, draft) };
  if (destroyed || Object.keys(parseBody(loaded.json)?.data ?? {}).length === 0) return saved;
  if (sid === loaded.sid) shared.settings.events.emit("destroyed", sid);
  return after(endSession(shared, loaded, now), saved);
}

/** Whether other JSON than was issued means the same: another writer may spell it differently. */
function isRespelt(loaded: LoadedSnapshot, { data, meta }: Draft, json: string): boolean {
  if (loaded.isFlat) return meta === NO_META && isSame(data, loaded.data);
  const body = parseBody(loaded.json);
  return body !== undefined && serializeBody(body.data, body.meta) === json;
}

/** Whether a session that was only read is old enough to get a new lifetime. */
export function isDue({ settings }: Shared, loaded: LoadedSnapshot, now: number): boolean {
  const { maxAge } = lifetimesOf(settings.lifetimes, ownMaxAge(loaded.meta));
  return settings.rolling && maxAge !== null && !loaded.isNew && now - loaded.iat > maxAge / 10;
}
