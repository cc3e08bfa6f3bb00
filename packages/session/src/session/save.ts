import type { MaybePromise } from "../maybe.ts";
import { assertFits, flatCopy, isSame, serializeBody } from "./body.ts";
import { mergeBodies } from "./merge.ts";
import type { Draft, LoadedSnapshot, RecentChange, Saved } from "./records.ts";
import { endSession } from "./end.ts";
import { deletions, writeCookies } from "./write-cookies.ts";
import type { Flat } from "../token/token.ts";
import type { JsonObject } from "./format.ts";
import { assertJson, isEmpty, NO_META, parseBody } from "./json.ts";
import { lifetimesOf, ownMaxAge } from "./lifetime.ts";
import type { Shared } from "./shared.ts";
import { newSnapshot } from "./snapshot.ts";
import { announce, dropExpired } from "./announce.ts";

/** The JSON of a session without data. */
export const EMPTY_BODY = "{}";

/**
 * Saves a session, and returns the cookies that its response sets: none, new ones, or deletions. It
 * returns a promise only if a store must be written.
 *
 * @param now seconds since 1970
 * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_SCHEMA`,
 *   `ERR_SESSION_FORMAT` or `ERR_SESSION_STORE`. A destroyed session still ends.
 */
export function saveSession(shared: Shared, draft: Draft, now: number): MaybePromise<Saved> {
  const { loaded, data, meta, destroyed } = draft;
  // What other requests did to the loaded session. It also counts after `renew` in this request: a
  // logout must end the renewed session too, and no change of the data may be lost.
  const known = destroyed ? undefined : shared.recent.peek(loaded.sid);
  const ending = destroyed ? endSession(shared, loaded, now) : undefined;
  const flat = flatCopy(data, meta);
  if (flat === undefined) assertJson(data);
  const json = needsNoCookie(data, meta) ? EMPTY_BODY : serializeBody(flat ?? data, meta);
  // Another request may have added keys meanwhile, which must be kept.
  const isBehind = known !== undefined && !known.ended && known.rev > loaded.rev;
  const isEmpty = json === EMPTY_BODY && !isBehind;
  const saved = isEmpty
    ? clear(shared, draft, now)
    : save(shared, draft, { json, flat }, known, now);
  return after(ending, saved);
}

/**
 * The keys of metadata that only describes a session. A session with no data and no other metadata
 * needs no cookie.
 */
const DESCRIBING: ReadonlySet<string> = new Set(["from", "maxAge", "label", "epoch", "device"]);

/** True if a session needs no cookie, because it has no data and no metadata worth saving. */
function needsNoCookie(data: JsonObject, meta: JsonObject): boolean {
  return isEmpty(data) && Object.keys(meta).every((key) => DESCRIBING.has(key));
}

function after(ending: Promise<unknown> | undefined, saved: MaybePromise<Saved>) {
  return ending === undefined ? saved : Promise.all([saved, ending]).then(([first]) => first);
}

function save(
  shared: Shared,
  draft: Draft,
  { json, flat }: { readonly json: string; readonly flat: Flat | undefined },
  known: RecentChange | undefined,
  now: number,
): MaybePromise<Saved> {
  const { settings, store, recent } = shared;
  const { loaded, sid, data, destroyed } = draft;
  const renewed = sid !== loaded.sid;
  const changed =
    json !== loaded.json && (loaded.isNew || !isSpelledDifferently(loaded, draft, json));
  if (changed) assertFits(settings, data);
  if (known?.ended === true) {
    // Another request ended the session while this one ran. It stays ended.
    settings.events.emit("revoked", loaded.sid);
    return { setCookie: [] };
  }
  if (!changed && !renewed && !loaded.reissue && !isDue(shared, loaded, now)) {
    return { setCookie: [], issued: loaded };
  }
  const behind = known !== undefined && known.rev > loaded.rev ? known : undefined;
  if (store !== undefined) return store.save(draft, { json, flat, changed, renewed }, behind, now);
  let body = json;
  if (behind !== undefined) {
    body = changed ? mergeBodies(shared, sid, loaded.json, behind.json, json) : behind.json;
  }
  if (body === EMPTY_BODY) return clear(shared, draft, now);
  const rev = (behind ?? loaded).rev + (changed || renewed ? 1 : 0);
  const issued = newSnapshot(shared, draft, { rev, json: body }, now);
  if (issued.exp <= issued.iat) return dropExpired(shared, draft);
  const setCookie = writeCookies(shared, draft, issued, now, body === json ? flat : undefined);
  // Ends the old id only now: if the new cookie is too large, the lines above throw, and the
  // browser still needs the old cookie.
  if (renewed && !loaded.isNew && !destroyed) recent.end(loaded.sid, now);
  announce(shared, draft, issued, changed, now);
  return { setCookie, issued };
}

/**
 * Deletes the cookie of a session that is now empty. If the session had data before, it also ends,
 * and copies of its cookie are rejected. A session with only a flash message is not a login:
 * removing the message does not end the session, so an overlapping request can still add data.
 */
function clear(shared: Shared, draft: Draft, now: number): MaybePromise<Saved> {
  const { loaded, destroyed } = draft;
  // Nothing was written to a new session, so no cookie is set. A rejected cookie is not deleted.
  if (loaded.isNew && !destroyed) return { setCookie: [] };
  const saved = { setCookie: deletions(shared, loaded.cookies, draft) };
  if (destroyed || isEmpty(loaded.data)) return saved;
  shared.settings.events.emit("destroyed", loaded.sid);
  return after(endSession(shared, loaded, now), saved);
}

/**
 * True if a session's loaded JSON has the same data as the new JSON, but other key order or
 * spelling. Another framework may write the same data differently.
 */
function isSpelledDifferently(
  loaded: LoadedSnapshot,
  { data, meta }: Draft,
  json: string,
): boolean {
  if (loaded.isFlat) return meta === NO_META && isSame(data, loaded.data);
  const body = parseBody(loaded.json);
  return body !== undefined && serializeBody(body.data, body.meta) === json;
}

/** True if a session that is used must be prolonged, because a tenth of its lifetime has passed. */
export function isDue({ settings }: Shared, loaded: LoadedSnapshot, now: number): boolean {
  const { maxAge } = lifetimesOf(settings.lifetimes, ownMaxAge(loaded.meta));
  return settings.rolling && maxAge !== null && !loaded.isNew && now - loaded.iat > maxAge / 10;
}
