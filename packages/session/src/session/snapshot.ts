import { NEVER } from "../token/header.ts";
import { expiryOf } from "../token/times.ts";
import { newSessionId } from "../token/token.ts";
import type { RejectReason } from "./format.ts";
import { lifetimesOf, ownMaxAgeIn } from "./lifetime.ts";
import { foreignShapeOf } from "./foreign-shape.ts";
import type { Draft, LoadedSnapshot, Revision, Snapshot } from "./records.ts";
import type { Shared } from "./shared.ts";

/**
 * Makes a new, empty session.
 *
 * @param now seconds since 1970
 * @param cookies the names of the session's cookies in the request
 * @param rejected why the request's cookie was rejected
 */
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

/** Emits the event for a rejected cookie, and returns an empty session instead of the cookie's. */
export function rejectCookie(
  { settings: { events } }: Shared,
  reason: RejectReason | "revoked",
  now: number,
  present: readonly string[],
  sid?: string,
  value?: string,
): LoadedSnapshot {
  if (reason === "expired" || reason === "revoked") events.emit(reason, sid);
  else events.emit("rejected", sid, { reason, ...(value && foreignShapeOf(value)) });
  return emptySession(now, present, reason);
}

/** Makes the session to be saved: its id and data, with the times of a token that is issued now. */
export function newSnapshot(
  { settings }: Shared,
  { sid, born }: Pick<Draft, "sid" | "born">,
  { rev, json }: Revision,
  now: number,
): Snapshot {
  // Another server's clock may be ahead, and a token must not be issued before its session began.
  const iat = Math.max(now, born);
  const lifetimes = lifetimesOf(settings.lifetimes, ownMaxAgeIn(json));
  return { sid, rev, json, born, iat, exp: expiryOf(born, iat, lifetimes) };
}
