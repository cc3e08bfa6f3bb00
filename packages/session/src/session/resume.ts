import { parseSetCookie } from "../cookie/set-cookie.ts";
import { nowSeconds } from "./clock.ts";
import type { JsonObject } from "./format.ts";
import { parseBody } from "./json.ts";
import type { LoadedSnapshot } from "./records.ts";
import { emptySession } from "./snapshot.ts";
import type { State } from "./state.ts";

/**
 * Keeps a session writable after it was saved, so that it can be changed and saved again. Later
 * changes are compared with the saved state.
 *
 * @param sent the data that was saved, without the changes of other requests that were merged into
 *   it
 * @param setCookie the Set-Cookie headers of that save
 */
export function resume(state: State, sent: JsonObject, setCookie: readonly string[]): void {
  const { issued, loaded, destroyed } = state;
  state.clearSiteData = undefined;
  if (issued === undefined) {
    if (setCookie.length === 0 && !destroyed) return;
    state.loaded = { ...emptySession(nowSeconds(), []), sid: state.sid, born: state.born };
    state.destroyed = false;
    return;
  }
  const body = parseBody(issued.json);
  if (body === undefined || issued === loaded) return;
  adoptChanges(state.data, sent, body.data);
  const written = setCookie.map(parseSetCookie).filter(({ value }) => value !== "");
  const { rev, json, born, iat, exp } = issued;
  const next: LoadedSnapshot = {
    sid: state.sid,
    rev,
    json,
    born,
    iat,
    exp,
    data: body.data,
    meta: state.meta,
    isNew: false,
    reissue: false,
    keyIndex: 0,
    cookies: written.length === 0 ? loaded.cookies : written.map(({ name }) => name),
  };
  state.loaded = next;
  state.born = born;
  state.destroyed = false;
}

/**
 * Copies other requests' changes into the data, except for keys that the handler changed meanwhile.
 *
 * @param data the session's current data, which is changed
 * @param sent the data that the handler wanted to save
 * @param merged the data that was saved, with the changes of other requests
 */
function adoptChanges(data: JsonObject, sent: JsonObject, merged: JsonObject): void {
  const isSent = (key: string) => JSON.stringify(data[key]) === JSON.stringify(sent[key]);
  for (const key of new Set([...Object.keys(sent), ...Object.keys(merged)])) {
    if (JSON.stringify(merged[key]) === JSON.stringify(sent[key]) || !isSent(key)) continue;
    const value = merged[key];
    if (value === undefined) delete data[key];
    else data[key] = value;
  }
}
