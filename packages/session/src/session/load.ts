import { createHash } from "node:crypto";
import { findChunks } from "../cookie/chunks.ts";
import { AMBIGUOUS, findCookie } from "../cookie/parse.ts";
import type { TokenCache } from "../token/cache.ts";
import { NEVER, type Times } from "../token/header.ts";
import { judgeTimes } from "../token/times.ts";
import {
  looksLikeToken,
  newSessionId,
  openToken,
  type OpenedToken,
  type TokenFault,
} from "../token/token.ts";
import { copyData } from "./dictionary.ts";
import type { JsonObject, RejectReason, SessionFormat } from "./format.ts";
import { isObject, parseBody } from "./json.ts";
import type { Ledger } from "./ledger.ts";
import { validateData } from "./schema.ts";
import type { SessionSettings } from "./settings.ts";

/** What the requests of one set of options share. */
export interface Shared {
  readonly settings: SessionSettings;
  readonly cache: TokenCache;
  readonly ledger: Ledger;
  /** Whether a store remembers which sessions ended. */
  readonly revocable: boolean;
}

/** The session as the request brought it. */
export interface Loaded extends Times {
  readonly sid: string;
  readonly rev: number;
  /** An object of this request alone. */
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** The JSON as it was issued; what is different at the end was changed. Empty when new. */
  readonly json: string;
  readonly isNew: boolean;
  /** It must be issued again although nothing changed: an old key, another format or kind. */
  readonly reissue: boolean;
  /** Position of the key that verified it. */
  readonly keyIndex: number;
  /** Why the cookie was refused. */
  readonly rejected?: RejectReason | "revoked";
  /** The cookies that hold it, to be deleted with it. */
  readonly cookies: readonly string[];
}

/**
 * Reads the session out of a `Cookie` header. Never throws for what the header holds: what cannot
 * be trusted is an empty session, and the reason goes to the events alone.
 * @param now seconds since 1970
 */
export function loadSession(shared: Shared, header: string, now: number): Loaded {
  const { settings } = shared;
  const chunks = settings.chunks
    ? findChunks(header, settings.cookieName)
    : findSingle(header, settings.cookieName);
  if (chunks === AMBIGUOUS) return refuse(shared, "duplicate", now, []);
  const present = presentCookies(settings, header, chunks.length);
  const [first] = chunks;
  // What has the form of our token is judged as our token alone: a reader with weaker rules must
  // never be offered what a stronger one refused.
  if (first !== undefined && (settings.formats.length === 0 || looksLikeToken(first))) {
    return loadToken(shared, chunks, now, present);
  }
  return loadForeign(shared, header, now, present) ?? emptySession(now, present);
}

/** A session that nobody has yet. */
export function emptySession(
  now: number,
  cookies: readonly string[],
  rejected?: RejectReason | "revoked",
): Loaded {
  return {
    sid: newSessionId(),
    rev: 0,
    data: {},
    meta: {},
    json: "",
    isNew: true,
    reissue: false,
    keyIndex: 0,
    born: now,
    iat: now,
    exp: NEVER,
    cookies,
    ...(rejected === undefined ? {} : { rejected }),
  };
}

function findSingle(header: string, name: string): string[] | typeof AMBIGUOUS {
  const value = findCookie(header, name);
  if (value === AMBIGUOUS) return AMBIGUOUS;
  return value === undefined ? [] : [value];
}

function presentCookies(settings: SessionSettings, header: string, chunks: number): string[] {
  const { cookieName, formats } = settings;
  if (chunks === 1 && formats.length === 0) return [cookieName];
  const names = Array.from({ length: chunks }, (_, i) =>
    i === 0 ? cookieName : `${cookieName}.${i}`,
  );
  for (const name of formats.flatMap((format) => format.cookieNames)) {
    if (!names.includes(name) && findCookie(header, name) !== undefined) names.push(name);
  }
  return names;
}

function refuse(
  { settings }: Shared,
  reason: RejectReason,
  now: number,
  present: readonly string[],
  sid?: string,
): Loaded {
  if (reason === "expired") settings.events.emit("expired", sid);
  else settings.events.emit("rejected", sid, { reason });
  return emptySession(now, present, reason);
}

function loadToken(
  shared: Shared,
  chunks: readonly string[],
  now: number,
  present: readonly string[],
): Loaded {
  const { settings, ledger } = shared;
  const opened = openChunks(shared, chunks);
  if (typeof opened === "string") return refuse(shared, opened, now, present);
  const fault = judgeTimes(opened, now, settings.lifetimes);
  if (fault !== undefined) return refuse(shared, fault, now, present, opened.sid);
  const known = ledger.peek(opened.sid);
  if (known?.ended === true) {
    settings.events.emit("revoked", opened.sid);
    return emptySession(now, present, "revoked");
  }
  const isBehind = known !== undefined && known.rev > opened.rev;
  const current = isBehind ? { ...opened, rev: known.rev, json: known.json } : opened;
  if (opened.keyIndex > 0)
    settings.events.emit("rotated", opened.sid, { keyIndex: opened.keyIndex });
  const reissue =
    isBehind ||
    opened.keyIndex > 0 ||
    settings.writeAs !== undefined ||
    opened.encrypted !== settings.encrypt;
  return readBody(shared, current, reissue, now, present);
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
  if (typeof opened !== "string") cache.set(token, opened);
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
  const body = parseBody(opened.json);
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
    isNew: false,
    reissue: again,
    keyIndex,
    born,
    iat,
    exp,
    cookies,
  };
}

/** The JSON of a session: its data, or data and metadata where there is any. */
export function serializeBody(data: JsonObject, meta: JsonObject): string {
  for (const _ in meta) return JSON.stringify([data, meta]);
  return JSON.stringify(data);
}

function fitSchema(
  { schema, migrate }: SessionSettings,
  data: JsonObject,
): { data: JsonObject; migrated: boolean } | undefined {
  // A session with nothing but a flash message in it has no shape yet.
  if (schema === undefined || Object.keys(data).length === 0) return { data, migrated: false };
  // Validated as a copy: migrate is to see what the cookie held, not what a schema made of it.
  const fitting = validateData(schema, structuredClone(data));
  if (fitting !== undefined) return { data: fitting, migrated: false };
  let moved: unknown;
  try {
    moved = migrate?.(data);
  } catch {
    // Old data that even migrate does not know costs the session, not the request.
    return undefined;
  }
  const migrated = isObject(moved) ? validateData(schema, moved) : undefined;
  return migrated === undefined ? undefined : { data: migrated, migrated: true };
}

function loadForeign(
  shared: Shared,
  header: string,
  now: number,
  present: readonly string[],
): Loaded | undefined {
  const { settings } = shared;
  const source = {
    get(name: string): string | undefined {
      const value = findCookie(header, name);
      return value === AMBIGUOUS ? undefined : value;
    },
  };
  let rejected: RejectReason | undefined;
  for (const format of settings.formats) {
    const reading = format.read(source, now);
    if (reading === undefined) continue;
    if (reading.ok) {
      const value = source.get(format.cookieNames[0] ?? "") ?? "";
      return adopt(shared, format, reading, value, now, present);
    }
    rejected ??= reading.reason;
  }
  if (rejected !== undefined) return refuse(shared, rejected, now, present);
  // A cookie is there and none of the formats saw one of its own in it.
  return present.length > 0 ? refuse(shared, "malformed", now, present) : undefined;
}

function adopt(
  shared: Shared,
  format: SessionFormat,
  reading: { data: JsonObject; issuedAt?: number; expiresAt?: number; keyIndex: number },
  value: string,
  now: number,
  present: readonly string[],
): Loaded {
  const { settings } = shared;
  const shares = format === settings.writeAs;
  const iat = Math.min(reading.issuedAt ?? now, now);
  const times = { born: iat, iat, exp: reading.expiresAt ?? NEVER };
  const fault = judgeTimes(times, now, settings.lifetimes);
  if (fault !== undefined) return refuse(shared, fault, now, present);
  const fitted = fitSchema(settings, reading.data);
  if (fitted === undefined) return refuse(shared, "schema", now, present);
  // A foreign cookie has no id. One that is kept needs the same id on every request, so that
  // sockets and requests find each other; one that is replaced gets an id of its own.
  const sid = shares ? idOfValue(value) : newSessionId();
  if (shares && shared.ledger.peek(sid)?.ended === true) {
    settings.events.emit("revoked", sid);
    return emptySession(now, present, "revoked");
  }
  if (reading.keyIndex > 0) settings.events.emit("rotated", sid, { keyIndex: reading.keyIndex });
  if (!shares) settings.events.emit("migrated", sid, { format: format.name });
  return {
    ...times,
    sid,
    rev: 0,
    data: copyData(fitted.data),
    meta: {},
    json: JSON.stringify(fitted.data),
    isNew: false,
    reissue: !shares || reading.keyIndex > 0 || fitted.migrated,
    keyIndex: reading.keyIndex,
    cookies: present,
  };
}

function idOfValue(value: string): string {
  return createHash("sha256").update(value).digest().subarray(0, 16).toString("base64url");
}
