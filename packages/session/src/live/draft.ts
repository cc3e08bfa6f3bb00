import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { assertFits, serializeBody } from "../session/body.ts";
import { writeCookies } from "../session/issue.ts";
import { assertJson, parseBody } from "../session/json.ts";
import { issue } from "../session/outcome.ts";
import type { Change } from "../session/hub.ts";
import type { StoredSession } from "../session/vault.ts";

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
  newest: StoredSession,
  change: (draft: object) => void,
): Change | undefined {
  const { state, shared } = context;
  const { data, meta } = parseBody(newest.json) ?? { data: {}, meta: {} };
  const draft = Object.setPrototypeOf(data, null) as typeof data;
  changeAtOnce(change, draft);
  assertJson(draft);
  assertFits(shared.settings, draft);
  shared.vault?.assertSubject(draft);
  const json = serializeBody(draft, meta);
  if (json === newest.json) return undefined;
  const { loaded, sid, born } = state;
  const now = nowSeconds();
  const issued = issue(shared, newest.rev + 1, json, born, now);
  // What no cookie can carry is refused here, and not in the request that has to.
  const whole = {
    loaded,
    sid,
    born,
    data: draft,
    meta,
    destroyed: false,
    secure: false,
  };
  writeCookies(shared, whole, issued, now);
  return { sid, ...issued };
}
