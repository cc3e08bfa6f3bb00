import { findChunks } from "../cookie/chunks.ts";
import { AMBIGUOUS, findCookie } from "../cookie/parse.ts";
import { judgeTimes } from "../token/times.ts";
import { looksLikeToken, openToken, type OpenedToken, type TokenFault } from "../token/token.ts";
import { fitSchema, serializeBody } from "./body.ts";
import { copyData } from "./dictionary.ts";
import { NO_META, parseBody } from "./json.ts";
import type { JsonObject } from "./format.ts";
import { loadForeign } from "./load-foreign.ts";
import { emptySession, refuse, refuseEnded, type Loaded, type Shared } from "./loaded.ts";
import type { SessionSettings } from "./settings.ts";
import { STORED_BODY, type StoredSession } from "./vault.ts";

/** A token of ours that is authentic and in time. Whether its session still is, is to be asked. */
export interface Verified {
  readonly opened: OpenedToken;
  /** The cookies that hold it. */
  readonly present: readonly string[];
}

/** Whether there is a token whose session is still to be read. */
export function isVerified(found: Verified | Loaded): found is Verified {
  return "opened" in found;
}

/**
 * The first half of reading the session out of a `Cookie` header: what the cookies alone tell.
 * Never throws for what the header holds: what cannot be trusted is an empty session, and the
 * reason goes to the events alone.
 * @param now seconds since 1970
 */
export function findSession(shared: Shared, header: string, now: number): Verified | Loaded {
  const { settings } = shared;
  const chunks = settings.chunks
    ? findChunks(header, settings.cookieName)
    : findSingle(header, settings.cookieName);
  if (chunks === AMBIGUOUS) return refuse(shared, "duplicate", now, [settings.cookieName]);
  const present = presentCookies(settings, header, chunks.length);
  const [first] = chunks;
  // What has the form of our token is judged as our token alone: a reader with weaker rules must
  // never be offered what a stronger one refused.
  if (first !== undefined && (settings.formats.length === 0 || looksLikeToken(first))) {
    return verifyToken(shared, chunks, now, present);
  }
  return loadForeign(shared, header, now, present) ?? emptySession(now, present);
}

function findSingle(header: string, name: string): string[] | typeof AMBIGUOUS {
  const value = findCookie(header, name);
  if (value === AMBIGUOUS) return AMBIGUOUS;
  return value === undefined ? [] : [value];
}

function presentCookies(
  settings: SessionSettings,
  header: string,
  chunks: number,
): readonly string[] {
  const { cookieName, cookieNames, formats } = settings;
  if (chunks === 1 && formats.length === 0) return cookieNames;
  const names = Array.from({ length: chunks }, (_, i) =>
    i === 0 ? cookieName : `${cookieName}.${i}`,
  );
  for (const name of formats.flatMap((format) => format.cookieNames)) {
    if (!names.includes(name) && findCookie(header, name) !== undefined) names.push(name);
  }
  return names;
}

function verifyToken(
  shared: Shared,
  chunks: readonly string[],
  now: number,
  present: readonly string[],
): Verified | Loaded {
  const opened = openChunks(shared, chunks);
  if (typeof opened === "string") return refuse(shared, opened, now, present);
  const fault = judgeTimes(opened, now, shared.settings.lifetimes);
  if (fault !== undefined) return refuse(shared, fault, now, present, opened.sid);
  return { opened, present };
}

/** The second half, where no store is asked. */
export function settle(shared: Shared, found: Verified | Loaded, now: number): Loaded {
  return isVerified(found) ? settleSession(shared, found, now) : found;
}

/**
 * The second half: whether the session was ended or changed since.
 * @param stored what the store has of it, where it was asked
 */
export function settleSession(
  shared: Shared,
  { opened, present }: Verified,
  now: number,
  stored?: StoredSession,
): Loaded {
  const { settings, ledger, vault } = shared;
  const known = ledger.peek(opened.sid);
  if (known?.ended === true) return refuseEnded(shared, opened.sid, now, present);
  let newest: StoredSession = opened;
  const isStored = opened.json === STORED_BODY;
  // The data of this cookie is in a store, and there is none any more.
  if (isStored && vault === undefined) return refuse(shared, "payload", now, present, opened.sid);
  if (known !== undefined && (known.rev > newest.rev || isStored)) newest = known;
  if (stored !== undefined && (stored.rev > newest.rev || newest.json === STORED_BODY)) {
    newest = stored;
  }
  const current =
    newest === opened ? opened : { ...opened, rev: newest.rev, json: newest.json, flat: undefined };
  if (opened.keyIndex > 0)
    settings.events.emit("rotated", opened.sid, { keyIndex: opened.keyIndex });
  const reissue =
    newest.rev > opened.rev ||
    opened.keyIndex > 0 ||
    settings.writeAs !== undefined ||
    opened.encrypted !== settings.encrypt ||
    (vault !== undefined && vault.keepsData !== isStored);
  const loaded = readBody(shared, current, reissue, now, present);
  if (vault === undefined || loaded.isNew) return loaded;
  const isEnded = vault.isEnded(loaded.sid, loaded.born, vault.userOf(loaded.data));
  return isEnded ? refuseEnded(shared, loaded.sid, now, present) : loaded;
}

/**
 * Opens all chunks together, then fewer: a stale chunk behind the last, or one that another host
 * of the domain planted there, must not cost the session.
 */
function openChunks(shared: Shared, chunks: readonly string[]): OpenedToken | TokenFault {
  let fault: TokenFault = "length";
  for (let count = chunks.length; count > 0; count -= 1) {
    const opened = openCached(
      shared,
      count === 1 ? (chunks[0] ?? "") : chunks.slice(0, count).join(""),
    );
    if (typeof opened !== "string") return opened;
    fault = opened;
  }
  return fault;
}

function openCached({ settings, cache }: Shared, token: string): OpenedToken | TokenFault {
  const cached = cache.get(token);
  if (cached !== undefined) return cached;
  const opened = openToken(token, settings.ring, settings.accepted);
  if (typeof opened !== "string") cache.add(token, opened);
  return opened;
}

function readBody(
  shared: Shared,
  opened: OpenedToken,
  reissue: boolean,
  now: number,
  cookies: readonly string[],
): Loaded {
  const { settings } = shared;
  const { sid, rev, born, iat, exp, keyIndex } = opened;
  const body = bodyOf(opened);
  if (body === undefined) return refuse(shared, "payload", now, cookies, sid);
  let { data } = body;
  const { meta } = body;
  let { json } = opened;
  let again = reissue;
  if (settings.schema !== undefined) {
    const fitted = fitSchema(settings, data);
    if (fitted === undefined) return refuse(shared, "schema", now, cookies, sid);
    if (fitted.migrated) settings.events.emit("migrated", sid, { reason: "schema" });
    data = copyData(fitted.data);
    json = serializeBody(data, meta);
    again ||= fitted.migrated;
  }
  // Written out, not spread: a spread costs a microsecond on Node 20, a third of the whole read.
  return {
    sid,
    rev,
    data,
    meta,
    json,
    flat: settings.schema === undefined ? opened.flat : undefined,
    isNew: false,
    reissue: again,
    keyIndex,
    born,
    iat,
    exp,
    cookies,
  };
}

/**
 * Data in which nothing is nested is parsed once for each token that is remembered: to copy it
 * costs a tenth of that.
 */
function bodyOf(opened: OpenedToken): { data: JsonObject; meta: JsonObject } | undefined {
  if (opened.flat !== undefined) return { data: { ...opened.flat }, meta: NO_META };
  const body = parseBody(opened.json);
  if (body !== undefined && body.meta === NO_META && isFlat(body.data)) {
    opened.flat = { ...body.data };
  }
  return body;
}

function isFlat(data: JsonObject): data is Record<string, string | number | boolean | null> {
  for (const key in data) if (typeof data[key] === "object" && data[key] !== null) return false;
  return true;
}
