import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { assertFits, serializeBody } from "../session/body.ts";
import { writeCookies } from "../session/write-cookies.ts";
import { PROTOTYPE } from "../session/dictionary.ts";
import { assertJson, parseBody } from "../session/json.ts";
import type { JsonObject, JsonValue } from "../session/format.ts";
import { newSnapshot } from "../session/snapshot.ts";
import type { Revision, Snapshot } from "../session/records.ts";

/**
 * Runs a function that changes a session. It must not return a promise: changes after an `await`
 * would be lost.
 *
 * @throws SessionError `ERR_SESSION_ASYNC_CHANGE` if the function returns a promise
 */
function changeAtOnce(change: (draft: object) => unknown, draft: object): void {
  const outcome = change(draft);
  if (!(outcome instanceof Promise)) return;
  outcome.catch(() => undefined);
  throw new SessionError(
    "ERR_SESSION_ASYNC_CHANGE",
    "`update` needs a function that does not return a promise. Use `await` before you call `update`. Nothing was changed.",
  );
}

/**
 * Changes a session before its response, which then saves the session. The function gets a copy of
 * the data, so the session stays unchanged if the function throws. Values that the function does
 * not change stay the same objects, because the handler may still use them.
 */
export function changeOpen(session: object, change: (draft: object) => unknown): void {
  const data = session as JsonObject;
  assertJson(data);
  const texts = new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)]));
  const copies = [...texts].map(([key, text]) => [key, text && (JSON.parse(text) as JsonValue)]);
  const draft = Object.setPrototypeOf(Object.fromEntries(copies), PROTOTYPE) as JsonObject;
  changeAtOnce(change, draft);
  for (const key of texts.keys()) if (!Object.hasOwn(draft, key)) delete data[key];
  for (const [key, value] of Object.entries(draft)) {
    if (!texts.has(key) || JSON.stringify(value) !== texts.get(key)) data[key] = value;
  }
}

/**
 * Applies a change to a session, without storing it.
 *
 * @param newest the session before the change
 * @returns `undefined` if the data stays the same
 * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_SCHEMA` or `ERR_SESSION_TOO_LARGE`
 */
export function draftChange(
  context: SessionContext<never>,
  newest: Revision,
  change: (draft: object) => unknown,
): Snapshot | undefined {
  const { state, shared } = context;
  const { data, meta } = parseBody(newest.json) ?? { data: {}, meta: {} };
  const draft = Object.setPrototypeOf(data, PROTOTYPE) as typeof data;
  changeAtOnce(change, draft);
  assertJson(draft);
  assertFits(shared.settings, draft);
  shared.store?.assertSubject(draft);
  const json = serializeBody(draft, meta);
  if (json === newest.json) return undefined;
  const { loaded, sid, born } = state;
  const now = nowSeconds();
  const issued = newSnapshot(shared, state, { rev: newest.rev + 1, json }, now);
  // Checks the cookie's limits now. Otherwise the later request that sets the cookie would fail.
  const whole = {
    loaded,
    sid,
    born,
    data: draft,
    meta,
    destroyed: false,
    secure: false,
    strays: [],
  };
  writeCookies(shared, whole, issued, now);
  return issued;
}
