import type { Times } from "../token/header.ts";
import type { Flat, OpenedToken } from "../token/token.ts";
import type { JsonObject, JsonValue, RejectReason } from "./format.ts";

/** The data of a session at one revision, as stores keep it. */
export interface Revision {
  readonly rev: number;
  /** The session's JSON: its data, or `[data, metadata]`. */
  readonly json: string;
}

/** A session at one revision, with the contents of its token. */
export interface Snapshot extends Times, Revision {
  readonly sid: string;
}

/** The session as a request brought it, with parsed data. */
export interface LoadedSnapshot extends Snapshot {
  /** The data as it was issued. Requests share it if no value in it is nested. */
  data: Readonly<JsonObject>;
  readonly meta: JsonObject;
  /**
   * The JSON as it was issued; empty for a new session. A commit compares with it to find changes.
   */
  readonly json: string;
  /**
   * True if no value in the data is nested. If one is, handlers share it and may have changed
   * it.
   */
  readonly isFlat?: boolean;
  readonly isNew: boolean;
  /**
   * True if the cookie is another framework's. Such a cookie has no session id, and no count of the
   * user's revocations.
   */
  readonly isForeign?: boolean;
  /**
   * True if the cookie must be issued again even without changes: for example, because it has an
   * old key or another format.
   */
  readonly reissue: boolean;
  /** The index of the key that verified the cookie. */
  readonly keyIndex: number;
  /** The state of the session's device, if it was checked. */
  readonly device?: DeviceState | undefined;
  /** When the cookie's session was renewed or ended, if this happened recently. */
  readonly endedAt?: number | undefined;
  /** Why the cookie was rejected. */
  readonly rejected?: RejectReason | "revoked" | undefined;
  /** The session's token, if it came in one piece. It is a substring of the Cookie header. */
  token?: string | undefined;
  /** The names of the session's cookies, which are deleted with it. */
  readonly cookies: readonly string[];
  /**
   * Older sessions whose cookies came with the request. A logout ends them too. Usually there are
   * none, and this is undefined.
   */
  readonly others?: readonly OtherSession[] | undefined;
}

/** An older session whose cookie came with the same request. */
export interface OtherSession extends Times {
  readonly sid: string;
}

/**
 * A cookie with an authentic token of ours that has not expired. It is not checked yet whether the
 * session was ended.
 */
export interface VerifiedCookie {
  readonly opened: OpenedToken;
  /** The token's text, or its first chunk. */
  readonly token: string;
  /** The names of the token's cookies. */
  readonly present: readonly string[];
  /** Older sessions whose cookies came with this one, under other attributes. */
  readonly others?: readonly OtherSession[];
}

/** The newest change or end of a session in this process. */
export interface RecentChange {
  /** True if the session ended. No copy of its cookie is valid, and no request can revive it. */
  readonly ended: boolean;
  /** The newest revision. */
  readonly rev: number;
  /** The newest JSON; empty if the session ended. */
  readonly json: string;
  /** The time of this record, in seconds since 1970. */
  readonly at: number;
}

/** The state of a session's device, with the option `deviceBound`. */
export type DeviceState = "none" | "fresh" | "stale";

/** The record that a session keeps about its device. */
export type DeviceRecord = {
  /** The thumbprint of the device's public key (RFC 7638). */
  readonly key: string;
  /** When the device was bound, in seconds since 1970. */
  readonly since: number;
  /** When the newest bound cookie expires, in seconds since 1970. */
  readonly until: number;
};

/** Metadata that is saved with the data, but is not part of it. */
export type Metadata = {
  /** Messages for the next request. */
  flash?: { [key: string]: JsonValue };
  /** When the user last proved their identity, in seconds since 1970. */
  authenticatedAt?: number;
  /**
   * The session's own lifetime in seconds; null if it lasts until the browser closes. See
   * session/lifetime.ts.
   */
  maxAge?: number | null;
  /** How often the user's sessions had been revoked when this one began; see store/epoch.ts. */
  epoch?: number;
  /** Marks a session with a CSRF token. Such a session is kept even without data. */
  csrf?: 1;
  /** The hash of the other framework's cookie that the session came from. */
  from?: string;
  /** The session's label, such as "Firefox on Linux". */
  label?: string;
  /** The device that the session is bound to. */
  device?: DeviceRecord;
};

/** The session as the handler left it. */
export interface Draft {
  /** The session as the request brought it. */
  readonly loaded: LoadedSnapshot;
  /** The session's id. It differs from the loaded one if the session was renewed or ended. */
  readonly sid: string;
  /** When the session began, or was last renewed, in seconds since 1970. */
  readonly born: number;
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** True if the session was ended, so that the current data belongs to another session. */
  readonly destroyed: boolean;
  /** True if the request came over TLS, for `httpsOnly: "auto"`. */
  readonly secure: boolean;
  /** The attributes under which browsers may still have an older cookie of this name. */
  readonly strays: readonly string[];
}

/** The result of a commit. */
export interface Saved {
  readonly setCookie: readonly string[];
  /** The session as the next request will find it; undefined if it has ended. */
  readonly issued?: Snapshot | undefined;
}

/** The outcome of a request before the store is consulted. */
export interface Outcome {
  /** The session's JSON after the request. */
  readonly json: string;
  /** The parsed JSON, if no value in it is nested. */
  readonly flat?: Flat | undefined;
  readonly changed: boolean;
  readonly renewed: boolean;
}

/** The largest number of characters in a label. */
export const MAX_LABEL = 100;

const STORED = '[{},{"stored":';

/**
 * Makes the JSON of a cookie whose data is in the store.
 *
 * @param userKey the store's key of the session's user, so that one look-up reads session and user
 * @param maxAge the session's own lifetime, which is needed before the store is asked
 */
export function storedBody(userKey: string | undefined, maxAge: number | null | undefined): string {
  const own = maxAge === undefined ? "" : `,"maxAge":${maxAge}`;
  return `${STORED}${userKey === undefined ? 1 : `"${userKey}"`}${own}}]`;
}

/** True if the data of a cookie is in the store. */
export function isStoredBody(json: string): boolean {
  return json.startsWith(STORED);
}

/** Marks a session that ended. Nothing can revive it. */
export const ENDED = "ended";

/** A user id: the value of the field that the option `subject` names. */
export type User = string | number;

/** The facts that a store needs to check whether a session, or its user, was revoked. */
export interface HeldSession {
  readonly sid: string;
  /** The session's new id, if this request renews it. */
  readonly next?: string;
  readonly data: object;
  readonly meta: JsonObject;
}
