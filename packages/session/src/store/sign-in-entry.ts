import { shortHash } from "../session/hash.ts";
import type { JsonObject } from "../session/format.ts";
import { lifetimesOf, ownMaxAge } from "../session/lifetime.ts";
import type { Draft, Snapshot } from "../session/records.ts";
import type { Lifetimes } from "../token/times.ts";
import type { IndexEntry } from "./session-index.ts";

/** A session that is about to be written. */
export interface Saving {
  readonly draft: Draft;
  /** The data before the request; `undefined` if the request begins the session. */
  readonly before: JsonObject | undefined;
  readonly issued: Snapshot;
  /** How often the user's sessions had been revoked at the login, or at the last renewal. */
  readonly epoch: number;
}

/**
 * Makes the entry for a session in its lists of sessions.
 *
 * @param user the store key of the user, as `userKey` makes it
 */
export function entryOf({ draft, issued, epoch }: Saving, user: string | undefined): IndexEntry {
  const { meta } = draft;
  const { sid, born, iat, exp } = issued;
  const label = labelIn(meta);
  return {
    sid,
    born,
    iat,
    exp,
    epoch,
    ...(user !== undefined && { user }),
    ...(label !== undefined && { label }),
    ...(meta.device !== undefined && { bound: true }),
  };
}

/**
 * True if the list entry of a session must be updated now. The entry is updated when the session's
 * label, lifetime or device binding changes, and once in each tenth of the lifetime. The tenths
 * count from the start of the session, so no process has to remember the last update.
 */
export function isEntryDue(
  lifetimes: Lifetimes,
  { loaded, meta, born }: Draft,
  { iat }: Snapshot,
): boolean {
  const { label, device, maxAge } = meta;
  const isOther =
    label !== loaded.meta["label"] ||
    maxAge !== loaded.meta["maxAge"] ||
    (device === undefined) !== (loaded.meta["device"] === undefined);
  if (isOther || loaded.reissue || loaded.isForeign === true) return true;
  const lasts = lifetimesOf(lifetimes, ownMaxAge(meta)).maxAge;
  if (lasts === null) return false;
  const tenth = (at: number) => Math.floor(((at - born) * 10) / lasts);
  return tenth(loaded.iat) !== tenth(iat);
}

/**
 * Returns the handle of a listed session: a public name that gives no access to the session, so a
 * page may show it.
 */
export function handleOfEntry({ user = "", sid }: IndexEntry): string {
  return handleOf(user, sid);
}

/**
 * Returns the handle of a session: a public name that gives no access to the session.
 *
 * @param user the store key of the user, as `userKey` makes it
 */
export function handleOf(user: string, sid: string): string {
  return `${user.slice(2)}.${shortHash(sid)}`;
}

/** Returns the label in a session's metadata; `undefined` without a label. */
export function labelIn(meta: JsonObject): string | undefined {
  const label = meta["label"];
  return typeof label === "string" ? label : undefined;
}
