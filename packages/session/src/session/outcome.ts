import { expiryOf } from "../token/times.ts";
import type { Draft, Issued, Saved } from "./draft.ts";
import { deletions } from "./issue.ts";
import type { Shared } from "./loaded.ts";

/** The times of a token that is issued now. */
export function issue(
  { settings }: Shared,
  rev: number,
  json: string,
  born: number,
  now: number,
): Issued {
  // Another server's clock may be ahead: no token is issued before its session was born.
  const iat = Math.max(now, born);
  return { rev, json, born, iat, exp: expiryOf(born, iat, settings.lifetimes) };
}

/** The absolute limit passed while the request ran. */
export function refuseExpired(shared: Shared, { sid, loaded, secure }: Draft): Saved {
  shared.settings.events.emit("expired", sid);
  return { setCookie: deletions(shared, loaded.cookies, secure) };
}

/** Tells everyone what a commit did: this process, sockets, other processes, the app. */
export function tell(
  { ledger, settings, hub }: Shared,
  { loaded, sid, destroyed }: Draft,
  issued: Issued,
  changed: boolean,
  now: number,
): void {
  const renewed = sid !== loaded.sid;
  const isFirst = loaded.isNew || destroyed;
  if (changed || renewed) ledger.record(sid, issued.rev, issued.json, now);
  if (isFirst || renewed) settings.events.emit(isFirst ? "created" : "renewed", sid);
  if (hub === undefined || isFirst) return;
  const change = { sid, ...issued };
  if (renewed) hub.renewed(loaded.sid, change);
  else hub.changed(change);
}
