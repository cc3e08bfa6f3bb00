import { chunkNames, findChunks } from "../cookie/chunks.ts";
import { AMBIGUOUS, findCookie } from "../cookie/parse.ts";
import { looksLikeToken, type Flat, type OpenedToken, type TokenFault } from "../token/token.ts";
import { fitSchema, serializeBody } from "./body.ts";
import { copyData } from "./dictionary.ts";
import { chooseNewest } from "./duplicates.ts";
import { NO_META, parseBody } from "./json.ts";
import { judgeLifetime } from "./lifetime.ts";
import { loadForeign, type StoredReadings } from "./load-foreign.ts";
import { rejectCookie } from "./snapshot.ts";
import {
  type LoadedSnapshot,
  isStoredBody,
  type Revision,
  type VerifiedCookie,
} from "./records.ts";
import type { Shared } from "./shared.ts";
import type { SessionSettings } from "./settings.ts";
import { isVerified, openCached } from "./verified.ts";

/**
 * Finds the session in a `Cookie` header without asking a store. It never throws, whatever the
 * header contains. For a cookie that cannot be trusted it returns an empty session; only events
 * contain the reason.
 *
 * @param now seconds since 1970
 * @param readings the sessions read from other frameworks' stores
 */
export function findSession(
  shared: Shared,
  header: string,
  now: number,
  readings?: StoredReadings,
): VerifiedCookie | LoadedSnapshot {
  const { settings } = shared;
  const { cookieName, cookieNames, formats } = settings;
  const chunks = settings.chunks ? findChunks(header, cookieName) : findSingle(header, cookieName);
  if (chunks === AMBIGUOUS) return chooseNewest(shared, header, now);
  const isAlone = chunks.length === 1 && formats.length === 0;
  const present = isAlone ? cookieNames : presentCookies(settings, header, chunks.length);
  const [first] = chunks;
  // A cookie with the form of our token is only checked as our token. If our check rejects it,
  // another framework's weaker check must not accept it.
  if (first === undefined || (formats.length > 0 && !looksLikeToken(first))) {
    return loadForeign(shared, header, now, present, readings);
  }
  const opened = openChunks(shared, chunks, first);
  if (typeof opened === "string") {
    return rejectCookie(shared, opened, now, present, undefined, first);
  }
  const fault = judgeLifetime(opened, now, settings.lifetimes);
  return fault === undefined
    ? { opened, present, token: first }
    : rejectCookie(shared, fault, now, present, opened.sid);
}

/**
 * True if another framework's store may have the session, because the request has no cookie of
 * Galleta.
 */
export function isAskedFor({ settings }: Shared, header: string): boolean {
  const own = findCookie(header, settings.cookieName);
  return own === undefined || (own !== AMBIGUOUS && !looksLikeToken(own));
}

function findSingle(header: string, name: string): string[] | typeof AMBIGUOUS {
  const value = findCookie(header, name);
  if (value === AMBIGUOUS) return AMBIGUOUS;
  return value === undefined ? [] : [value];
}

function presentCookies(
  { cookieName, formats }: SessionSettings,
  header: string,
  chunks: number,
): readonly string[] {
  const names = chunkNames(cookieName).slice(0, chunks);
  for (const name of formats.flatMap((format) => format.cookieNames)) {
    if (!names.includes(name) && findCookie(header, name) !== undefined) names.push(name);
  }
  return names;
}

/**
 * Opens a session token that is split into several cookies (chunks). All chunks together are tried
 * first, then fewer. An extra chunk at the end must not break the session: it may be old, or
 * planted by another host of the domain.
 */
function openChunks(
  shared: Shared,
  chunks: readonly string[],
  first: string,
): OpenedToken | TokenFault {
  for (let count = chunks.length; count > 1; count -= 1) {
    const opened = openCached(shared, chunks.slice(0, count).join(""));
    if (typeof opened !== "string") return opened;
  }
  return openCached(shared, first);
}

/** Reads the session of a cookie that {@link findSession} found, without asking a store. */
export function settle(
  shared: Shared,
  found: VerifiedCookie | LoadedSnapshot,
  now: number,
): LoadedSnapshot {
  return isVerified(found) ? settleSession(shared, found, now) : found;
}

/**
 * Reads the session of a verified cookie, unless the session has ended. Uses the newest data: from
 * the cookie, from this process or from the store.
 *
 * @param stored the store's record of the session, if it was asked
 */
export function settleSession(
  shared: Shared,
  { opened, present, token, others }: VerifiedCookie,
  now: number,
  stored?: Revision,
): LoadedSnapshot {
  const { settings, recent, store } = shared;
  const { schema, events } = settings;
  const { sid, keyIndex, born, iat, exp } = opened;
  const known = recent.peek(sid);
  if (known?.ended === true) {
    return { ...rejectCookie(shared, "revoked", now, present, sid), endedAt: known.at, others };
  }
  const isStored = isStoredBody(opened.json);
  const newest = newer(newer(opened, known), stored);
  const { rev } = newest;
  let { json } = newest;
  // Data without nested values is parsed once for each cached token.
  const flat = newest === opened ? opened.flat : undefined;
  let isFlat = flat !== undefined;
  const body = flat === undefined ? parseBody(json) : { data: flat, meta: NO_META };
  // The JSON is wrong, or the cookie refers to data that no store returned.
  if (body === undefined || (isStored && newest === opened)) {
    return rejectCookie(shared, "payload", now, present, sid);
  }
  if (keyIndex > 0) events.emit("rotated", sid, { keyIndex });
  let reissue =
    rev > opened.rev ||
    keyIndex > 0 ||
    settings.writeAs !== undefined ||
    opened.encrypted !== settings.encrypt ||
    (store !== undefined && store.keepsData !== isStored);
  const { meta } = body;
  let { data } = body;
  if (schema !== undefined) {
    const fitted = fitSchema(settings, data);
    if (fitted === undefined) return rejectCookie(shared, "schema", now, present, sid);
    if (fitted.migrated) events.emit("migrated", sid, { reason: "schema" });
    data = copyData(fitted.data);
    json = serializeBody(data, meta);
    isFlat = false;
    reissue ||= fitted.migrated;
  } else if (!isFlat && hasNoBrackets(json)) {
    isFlat = true;
    if (newest === opened) opened.flat = data as Flat;
  }
  // Written out, because a spread costs a microsecond on Node 20, a third of the whole read.
  return {
    sid,
    rev,
    data,
    meta,
    json,
    isFlat,
    isNew: false,
    reissue,
    keyIndex,
    born,
    iat,
    exp,
    cookies: present,
    token,
    others,
  };
}

function newer(session: Revision, other: Revision | undefined): Revision {
  if (other === undefined) return session;
  if (other.rev === session.rev && isStoredBody(session.json)) return other;
  return other.rev > session.rev ? other : session;
}

/**
 * True if no value in a session's JSON is an object or array. Brackets inside strings give a false
 * negative; the slow path then handles the session correctly.
 */
function hasNoBrackets(json: string): boolean {
  return !json.includes("[") && !json.includes("{", 1);
}
