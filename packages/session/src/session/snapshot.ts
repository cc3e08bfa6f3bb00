import { NEVER } from "../token/header.ts";
import { expiryOf } from "../token/times.ts";
import { newSessionId } from "../token/token.ts";
import type { RejectReason } from "./format.ts";
import { lifetimesOf, ownMaxAgeIn } from "./lifetime.ts";
import { neighbourOf } from "./neighbour.ts";
import type { Draft, LoadedSnapshot, Revision, Snapshot } from "./records.ts";
import type { Shared } from "./shared.ts";

/** A session that nobody has yet. */
export function emptySession(
  now: number,
  cookies: readonly string[],
  rejected?: RejectReason | "revoked",
): LoadedSnapshot {
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
    rejected,
    others: undefined,
  };
}

/** A session that cannot be trusted, or was ended, and the event that says why. */
export function rejectCookie(
  { settings: { events } }: Shared,
  reason: RejectReason | "revoked",
  now: number,
  present: readonly string[],
  sid?: string,
  value?: string,
): LoadedSnapshot {
  if (reason === "expired" || reason === "revoked") events.emit(reason, sid);
  else events.emit("rejected", sid, { reason, ...(value && neighbourOf(value)) });
  return emptySession(now, present, reason);
}

/** A session as it is issued now. */
export function newSnapshot(
  { settings }: Shared,
  { sid, born }: Pick<Draft, "sid" | "born">,
  { rev, json }: Revision,
  now: number,
): Snapshot {
  // Another server's clock may be ahead: no token is issued before its session was born.
  const iat = Math.max(now, born);
  const lifetimes = lifetimesOf(settings.lifetimes, ownMaxAgeIn(json));
  return { sid, rev, json, born, iat, exp: expiryOf(born, iat, lifetimes) };
}
