import { Commit } from "../cookie/headers.ts";
import { when, type MaybePromise } from "../maybe.ts";
import { isSame, serializeBody } from "./body.ts";
import { nowSeconds } from "./clock.ts";
import { dropWrite, reportInsecure } from "./dropped.ts";
import { rememberMigrated } from "./foreign-store.ts";
import { assertJson, isEmpty } from "./json.ts";
import type { RequestFacts } from "./request.ts";
import { EMPTY_BODY, isDue, saveSession } from "./save.ts";
import type { Shared } from "./shared.ts";
import type { State } from "./state.ts";
import { findStrays } from "./strays.ts";
import { deletions } from "./write-cookies.ts";

/**
 * The result of a commit that sets no cookie. The response still gets `Vary: Cookie`, because the
 * session was used.
 */
export const ACCESSED = new Commit(true);

/**
 * Saves a session that was used, and returns the headers for its response.
 *
 * @throws SessionError the errors of `SessionContext.commit`
 */
export function commitState(
  shared: Shared,
  state: State,
  request: RequestFacts | undefined,
): MaybePromise<Commit> {
  if (needsNoHeaders(shared, state)) {
    state.issued = state.loaded;
    return ACCESSED;
  }
  if (dropWrite(shared, state, request)) return ACCESSED;
  prepare(shared, state, request);
  const remembered = state.loaded.isForeign === true && rememberMigrated(shared, state.loaded);
  const saving = saveSession(shared, state, nowSeconds());
  const isWaiting = saving instanceof Promise && remembered !== false;
  const done = isWaiting ? Promise.all([saving, remembered]).then(([saved]) => saved) : saving;
  return when(done, (saved) => {
    const { setCookie, issued } = saved;
    state.issued = issued;
    if (issued !== undefined && setCookie.length > 0) reportInsecure(shared, state, request);
    const owed = shared.device?.headersFor(state, saved, request);
    const cookies = owed === undefined ? setCookie : [...setCookie, ...owed.setCookie];
    return new Commit(true, cookies, state.clearSiteData, owed?.headers);
  });
}

/**
 * Adds facts from the request to the session's state: the login's label, the use of TLS, and the
 * older cookies to delete.
 */
function prepare(
  { settings, isSecure, store }: Shared,
  state: State,
  request: RequestFacts | undefined,
): void {
  const label = store?.labelOf(state, request);
  if (label !== undefined) state.meta = { ...state.meta, label };
  if (settings.httpsOnly === "auto" && request !== undefined) state.secure = isSecure(request);
  if (settings.formerly.length > 0 || state.loaded.others !== undefined) {
    state.strays = findStrays(settings, state, request);
  }
}

/**
 * True if the request read the session without changing it, and its cookie need not be renewed.
 * This is the most common case.
 */
function needsNoHeaders(shared: Shared, { loaded, data, openedAt, sid, meta }: State): boolean {
  const { isNew, reissue, json } = loaded;
  if (isNew || reissue || sid !== loaded.sid || meta !== loaded.meta) return false;
  if (isDue(shared, loaded, openedAt) || json === EMPTY_BODY) return false;
  // Flat data is compared without serializing it. Changed data is serialized when it is saved.
  if (loaded.isFlat) {
    if (!isSame(data, loaded.data)) return false;
  } else {
    assertJson(data);
    if (serializeBody(data, meta) !== json) return false;
  }
  return shared.recent.peek(sid)?.ended !== true;
}

/**
 * Returns the headers for the error response after a failed commit. If a logout failed, they still
 * delete the browser's cookie.
 */
export function headersAfterFailure(shared: Shared, state: State): Commit {
  const { loaded, destroyed, data, clearSiteData } = state;
  const isLogout = destroyed || isEmpty(data);
  if (loaded.isNew || !isLogout) return ACCESSED;
  return new Commit(true, deletions(shared, loaded.cookies, state), clearSiteData);
}
