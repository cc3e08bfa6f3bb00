import type { Draft, Saved, Snapshot } from "./records.ts";
import { deletions } from "./write-cookies.ts";
import type { Shared } from "./shared.ts";

/**
 * Drops the change of a session that reached `absoluteMaxAge` during the request, and deletes its
 * cookie.
 */
export function dropExpired(shared: Shared, draft: Draft): Saved {
  shared.settings.events.emit("expired", draft.sid);
  return { setCookie: deletions(shared, draft.loaded.cookies, draft) };
}

/**
 * Adds a saved session to the recent changes. Reports it to the app, sockets and other processes.
 */
export function announce(
  { recent, settings, live }: Shared,
  { loaded, sid, destroyed }: Draft,
  issued: Snapshot,
  changed: boolean,
  now: number,
): void {
  const renewed = sid !== loaded.sid;
  const isFirst = loaded.isNew || destroyed;
  if (changed || renewed) recent.record(sid, issued.rev, issued.json, now);
  if (isFirst || renewed) settings.events.emit(isFirst ? "created" : "renewed", sid);
  if (live === undefined || isFirst) return;
  if (renewed) live.renewed(loaded.sid, issued);
  else live.changed(issued);
}
