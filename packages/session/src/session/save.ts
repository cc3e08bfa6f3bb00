import type { MaybePromise } from "../maybe.ts";
import { assertFits, serializeBody } from "./body.ts";
import { mergeBodies, type Draft, type Saved } from "./draft.ts";
import { endSession } from "./end.ts";
import { deletions, writeCookies } from "./issue.ts";
import { assertJson, parseBody } from "./json.ts";
import type { Known } from "./ledger.ts";
import type { Loaded, Shared } from "./loaded.ts";
import { issue, refuseExpired, tell } from "./outcome.ts";

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
  // What another request made of the session that this one began with; a renewed one still has
  // its data, so it neither survives a logout nor loses a change.
  const known = draft.destroyed ? undefined : shared.ledger.peek(draft.loaded.sid);
  const ending = draft.destroyed ? endAll(shared, draft, now) : undefined;
  assertJson(draft.data);
  const json = serializeBody(draft.data, draft.meta);
  // What another request put in meanwhile is not ours to throw away.
  const isBehind = known !== undefined && !known.ended && known.rev > draft.loaded.rev;
  if (json === EMPTY_BODY && !isBehind) return both(ending, clear(shared, draft, now));
  return both(ending, save(shared, draft, json, known, now));
}

function both(ending: Promise<unknown> | undefined, saved: MaybePromise<Saved>) {
  return ending === undefined ? saved : Promise.all([saved, ending]).then(([first]) => first);
}

function save(
  shared: Shared,
  draft: Draft,
  json: string,
  known: Known | undefined,
  now: number,
): MaybePromise<Saved> {
  const { settings, vault } = shared;
  const { loaded, sid } = draft;
  const renewed = sid !== loaded.sid;
  // Another writer's JSON may be spelt differently and mean the same.
  const changed = json !== loaded.json && (loaded.isNew || json !== respell(loaded.json));
  if (changed && settings.schema !== undefined) assertFits(settings, draft.data);
  if (known?.ended === true) {
    // Another request ended the session while this one ran: it stays ended.
    settings.events.emit("revoked", loaded.sid);
    return { setCookie: [] };
  }
  if (!changed && !renewed && !loaded.reissue && !isDue(shared, loaded, now)) {
    return { setCookie: [], issued: loaded };
  }
  const behind = known !== undefined && known.rev > loaded.rev ? known : undefined;
  if (vault !== undefined) {
    return vault.save(draft, { json, changed, renewed }, behind, now);
  }
  const body =
    behind === undefined
      ? json
      : changed
        ? mergeBodies(shared, sid, loaded.json, behind.json, json)
        : behind.json;
  if (body === EMPTY_BODY) return clear(shared, draft, now);
  const rev = (behind?.rev ?? loaded.rev) + (changed || renewed ? 1 : 0);
  const issued = issue(shared, rev, body, draft.born, now);
  if (issued.exp <= issued.iat) return refuseExpired(shared, draft);
  const setCookie = writeCookies(shared, draft, issued, now);
  // Not before the new cookie is sure to fit: the old one is all that the client has.
  if (!draft.destroyed) for (const ended of draft.ended) shared.ledger.end(ended, now);
  tell(shared, draft, issued, changed, now);
  return { setCookie, issued };
}

/** Ends the sessions that this request destroyed or renewed. */
function endAll(shared: Shared, draft: Draft, now: number): Promise<unknown> | undefined {
  const ends = draft.ended.map((sid) => endSession(shared, sid, draft.loaded, now));
  return shared.vault === undefined ? undefined : handled(Promise.all(ends));
}

/**
 * Nothing is left: the cookie goes, and where there was data, with it every copy that can be
 * refused. A session that only had a message in it is no login: taking the message out does not
 * end it, so that a request running beside this one may still put something in.
 */
function clear(shared: Shared, draft: Draft, now: number): MaybePromise<Saved> {
  const { settings } = shared;
  const { loaded } = draft;
  if (loaded.cookies.length === 0) return { setCookie: [] };
  // A cookie that was refused is left alone: an empty session that stays empty changes nothing.
  if (loaded.isNew && !draft.destroyed) return { setCookie: [] };
  const saved = { setCookie: deletions(settings, loaded.cookies, draft.secure) };
  if (draft.destroyed || !hasData(loaded)) return saved;
  if (!draft.ended.includes(loaded.sid)) settings.events.emit("destroyed", loaded.sid);
  return both(handled(endSession(shared, loaded.sid, loaded, now)), saved);
}

function hasData({ json }: Loaded): boolean {
  const body = parseBody(json);
  return body !== undefined && Object.keys(body.data).length > 0;
}

/** A promise that is waited for later, or not at all where something else fails first. */
function handled<Value>(promise: Promise<Value> | undefined): Promise<Value> | undefined {
  promise?.catch(() => undefined);
  return promise;
}

function respell(json: string): string | undefined {
  const body = parseBody(json);
  return body === undefined ? undefined : serializeBody(body.data, body.meta);
}

/** Whether a session that was only read is old enough to get a new lifetime. */
export function isDue({ settings }: Shared, loaded: Loaded, now: number): boolean {
  const { maxAge } = settings.lifetimes;
  return settings.rolling && maxAge !== null && !loaded.isNew && now - loaded.iat > maxAge / 10;
}
