import { chunkNames, MAX_CHUNKS, splitChunks } from "../cookie/chunks.ts";
import { COOKIE_LIMIT, serializeCookie } from "../cookie/serialize.ts";
import { SessionError } from "../errors.ts";
import { NEVER, type Times } from "../token/header.ts";
import { expiryOf } from "../token/times.ts";
import { encryptToken, signToken } from "../token/token.ts";
import type { FormatCookie, JsonObject } from "./format.ts";
import { assertJson, parseBody } from "./json.ts";
import { serializeBody, type Loaded, type Shared } from "./load.ts";
import { mergeData } from "./merge.ts";
import { validateData } from "./schema.ts";

/** The session as the handler left it. */
export interface Draft {
  /** What it started from. */
  readonly loaded: Loaded;
  readonly sid: string;
  /** When the session began; a renewed one begins anew. */
  readonly born: number;
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** Ids that this request ended: of a session destroyed, or renewed. */
  readonly ended: readonly string[];
  /** Whether the session was ended, so that what is there now is another one. */
  readonly destroyed: boolean;
  /** Whether the request came over TLS, for `httpsOnly: "auto"`. */
  readonly secure: boolean;
}

/** What a commit did. */
export interface Saved {
  readonly setCookie: readonly string[];
  /** The session as its next reader finds it; undefined where there is none any more. */
  readonly issued?: { readonly rev: number; readonly json: string } & Times;
}

/**
 * Decides what a response owes to its session: nothing, a fresh cookie, or a deletion.
 *
 * @param now seconds since 1970
 * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_SCHEMA` or
 * `ERR_SESSION_FORMAT`. A session that was to be destroyed is ended all the same.
 */
export function saveSession(shared: Shared, draft: Draft, now: number): Saved {
  const { settings, ledger } = shared;
  const { loaded, sid } = draft;
  // What another request made of the session that this one began with; a renewed one still has
  // its data, so it neither survives a logout nor loses a change.
  const known = draft.destroyed ? undefined : ledger.peek(loaded.sid);
  if (draft.destroyed) endAll(shared, draft, now);
  assertJson(draft.data);
  const json = serializeBody(draft.data, draft.meta);
  if (json === "{}") return clear(shared, draft, now);

  const renewed = sid !== loaded.sid;
  // Another writer's JSON may be spelt differently and mean the same.
  const changed = json !== loaded.json && (loaded.isNew || json !== respell(loaded.json));
  if (changed && settings.schema !== undefined) assertFits(shared, draft.data);
  if (known?.ended === true) {
    // Another request ended the session while this one ran: it stays ended.
    settings.events.emit("revoked", loaded.sid);
    return { setCookie: [] };
  }
  if (!changed && !renewed && !loaded.reissue && !isDue(shared, loaded, now)) {
    return { setCookie: [], issued: loaded };
  }
  const behind = known !== undefined && known.rev > loaded.rev ? known : undefined;
  const body =
    behind === undefined ? json : changed ? merge(shared, draft, behind.json) : behind.json;
  const rev = (behind?.rev ?? loaded.rev) + (changed || renewed ? 1 : 0);
  const { born } = draft;
  // Another server's clock may be ahead: no token is issued before its session was born.
  const iat = Math.max(now, born);
  const issued = { rev, json: body, born, iat, exp: expiryOf(born, iat, settings.lifetimes) };
  if (issued.exp <= iat) {
    // The absolute limit passed while the request ran.
    settings.events.emit("expired", sid);
    return { setCookie: deletions(settings, loaded.cookies, draft.secure) };
  }
  const setCookie = writeCookies(shared, draft, issued, now);
  // Not before the new cookie is sure to fit: the old one is all that the client has.
  endAll(shared, draft, now);
  if (changed || renewed) ledger.record(sid, rev, body, now);
  if (loaded.isNew || draft.destroyed) settings.events.emit("created", sid);
  else if (renewed) settings.events.emit("renewed", sid);
  return { setCookie, issued };
}

/** Ends the sessions that this request destroyed or renewed. */
function endAll({ ledger }: Shared, draft: Draft, now: number): void {
  for (const sid of draft.ended) ledger.end(sid, now);
}

/** Nothing is left: the cookie goes, and with it every copy that this process can refuse. */
function clear(shared: Shared, draft: Draft, now: number): Saved {
  const { settings, ledger } = shared;
  const { loaded } = draft;
  if (loaded.cookies.length === 0) return { setCookie: [] };
  // A cookie that was refused is left alone: an empty session that stays empty changes nothing.
  if (loaded.isNew && !draft.destroyed) return { setCookie: [] };
  endAll(shared, draft, now);
  if (!loaded.isNew && !draft.ended.includes(loaded.sid)) {
    ledger.end(loaded.sid, now);
    settings.events.emit("destroyed", loaded.sid);
  }
  return { setCookie: deletions(settings, loaded.cookies, draft.secure) };
}

function deletions(settings: Shared["settings"], names: readonly string[], secure: boolean) {
  const attributes = settings.attributes[secure ? "secure" : "plain"];
  return names.map((name) => serializeCookie(name, "", attributes, 0));
}

function respell(json: string): string | undefined {
  const body = parseBody(json);
  return body === undefined ? undefined : serializeBody(body.data, body.meta);
}

/** Whether a session that was only read is old enough to get a new lifetime. */
function isDue({ settings }: Shared, loaded: Loaded, now: number): boolean {
  const { maxAge } = settings.lifetimes;
  return settings.rolling && maxAge !== null && !loaded.isNew && now - loaded.iat > maxAge / 10;
}

function assertFits({ settings }: Shared, data: JsonObject): void {
  if (settings.schema === undefined || Object.keys(data).length === 0) return;
  const plain = JSON.parse(JSON.stringify(data)) as JsonObject;
  if (validateData(settings.schema, plain) !== undefined) return;
  throw new SessionError(
    "ERR_SESSION_SCHEMA",
    "The session does not fit its schema and would be refused on the next request; store what the schema accepts.",
  );
}

function merge({ settings }: Shared, draft: Draft, newest: string): string {
  const base = parseBody(draft.loaded.json);
  const theirs = parseBody(newest);
  if (base === undefined || theirs === undefined) return serializeBody(draft.data, draft.meta);
  const ours = JSON.parse(JSON.stringify([draft.data, draft.meta])) as [JsonObject, JsonObject];
  const data = mergeData(base.data, theirs.data, ours[0]);
  const meta = mergeData(base.meta, theirs.meta, ours[1]);
  if (data.conflicts.length > 0) {
    settings.events.emit("conflict", draft.sid, { keys: data.conflicts });
  }
  return serializeBody(data.data, meta.data);
}

type Issued = { rev: number; json: string } & Times;

function writeCookies(shared: Shared, draft: Draft, issued: Issued, now: number): string[] {
  const { settings } = shared;
  const maxAge =
    settings.lifetimes.maxAge === null || issued.exp === NEVER ? null : issued.exp - now;
  const cookies =
    settings.writeAs === undefined
      ? tokenCookies(shared, draft, issued)
      : settings.writeAs.write(foreignData(issued.json), now, maxAge);
  for (const { name, value } of cookies) {
    if (name.length + value.length > COOKIE_LIMIT)
      tooLarge(shared, draft, name.length + value.length);
  }
  const attributes = settings.attributes[draft.secure ? "secure" : "plain"];
  const stale = draft.loaded.cookies.filter((name) => isStale(shared, name, cookies));
  return [
    ...cookies.map(({ name, value }) => serializeCookie(name, value, attributes, maxAge)),
    ...deletions(settings, stale, draft.secure),
  ];
}

function tokenCookies(shared: Shared, draft: Draft, issued: Issued): FormatCookie[] {
  const { cookieName, ring, encrypt, chunks } = shared.settings;
  const { rev, json, born, iat, exp } = issued;
  const made = { sid: draft.sid, rev, json, born, iat, exp, keyIndex: 0, encrypted: encrypt };
  const token = encrypt ? encryptToken(made, ring) : signToken(made, ring);
  // The next request brings it back: what was made here need not be verified here.
  shared.cache.set(token, made);
  if (!chunks) return [{ name: cookieName, value: token }];
  const split = splitChunks(cookieName, token);
  if (split.length > MAX_CHUNKS) tooLarge(shared, draft, token.length);
  return split;
}

/** A chunk of our own that the session no longer fills. Cookies of other formats stay. */
function isStale({ settings }: Shared, name: string, written: readonly FormatCookie[]): boolean {
  if (written.some((cookie) => cookie.name === name)) return false;
  return chunkNames(settings.cookieName, 1, MAX_CHUNKS).includes(name);
}

function foreignData(json: string): JsonObject {
  const body = parseBody(json);
  if (body === undefined || Object.keys(body.meta).length > 0) {
    throw new SessionError(
      "ERR_SESSION_FORMAT",
      "The cookie of writeAs carries data alone; flash, csrfToken and authenticatedAt need Galleta's own.",
    );
  }
  return body.data;
}

function tooLarge({ settings }: Shared, draft: Draft, size: number): never {
  const keys = Object.entries(draft.data)
    .map(([key, value]) => ({ key, size: JSON.stringify(value)?.length ?? 0 }))
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ key }) => key);
  settings.events.emit("oversize", draft.sid, { size, keys });
  const limit = settings.chunks ? MAX_CHUNKS * COOKIE_LIMIT : COOKIE_LIMIT;
  throw new SessionError(
    "ERR_SESSION_TOO_LARGE",
    `The session's cookie would have ${size} bytes and browsers keep ${limit}. ` +
      `Its largest keys are ${keys.map((key) => `"${key}"`).join(", ")}: keep less in them` +
      (settings.chunks ? "." : ", or set chunks: true."),
  );
}
