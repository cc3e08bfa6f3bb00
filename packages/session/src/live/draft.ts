import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { assertFits, serializeBody } from "../session/body.ts";
import { writeCookies } from "../session/write-cookies.ts";
import { assertJson, parseBody } from "../session/json.ts";
import { newSnapshot } from "../session/snapshot.ts";
import type { Revision, Snapshot } from "../session/records.ts";

/**
 * Runs a change, which must be made when the function returns: what it does after that is lost.
 *
 * @throws TypeError when it returns a promise
 */
export function changeAtOnce<Draft>(change: (draft: Draft) => unknown, draft: Draft): void {
  const outcome = change(draft);
  if (!(outcome instanceof Promise)) return;
  outcome.catch(() => undefined);
  throw new TypeError("update takes a function that makes its change at once. Await before it.");
}

/**
 * A session with a change made to it, not yet stored anywhere.
 *
 * @param newest what the change is made on
 * @returns `undefined` where the change changes nothing
 * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_SCHEMA` or `ERR_SESSION_TOO_LARGE`
 */
export function draftChange(
  context: SessionContext<never>,
  newest: Revision,
  change: (draft: object) => void,
): Snapshot | undefined {
  const { state, shared } = context;
  const { data, meta } = parseBody(newest.json) ?? { data: {}, meta: {} };
  const draft = Object.setPrototypeOf(data, null) as typeof data;
  changeAtOnce(change, draft);
  assertJson(draft);
  assertFits(shared.settings, draft);
  shared.store?.assertSubject(draft);
  const json = serializeBody(draft, meta);
  if (json === newest.json) return undefined;
  const { loaded, sid, born } = state;
  const now = nowSeconds();
  const issued = newSnapshot(shared, state, { rev: newest.rev + 1, json }, now);
  // What no cookie can carry is refused here, and not in the request that has to.
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
