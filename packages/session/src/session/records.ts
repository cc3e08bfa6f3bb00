import type { Times } from "../token/header.ts";
import type { OpenedToken } from "../token/token.ts";
import type { JsonObject, JsonValue, RejectReason } from "./format.ts";

/** The data of a session at one revision, as stores keep it. */
export interface Revision {
  readonly rev: number;
  /** The JSON: its data, or data and metadata. */
  readonly json: string;
}

/** A session at one revision, as its token holds it. */
export interface Snapshot extends Times, Revision {
  readonly sid: string;
}

/** The snapshot that a request brought, with its data parsed. */
export interface LoadedSnapshot extends Snapshot {
  /** The data as it was issued. Requests share it if no value in it is nested. */
  data: Readonly<JsonObject>;
  readonly meta: JsonObject;
  /** The JSON as it was issued. A difference at the end is a change. Empty for a new session. */
  readonly json: string;
  /** True if no value in the data is nested, so that the shared data cannot have changed. */
  readonly isFlat?: boolean;
  readonly isNew: boolean;
  /** True for a cookie of another framework, which has no id and no count of revocations. */
  readonly isForeign?: boolean;
  /**
   * True if it must be issued again even without changes: it has an old key, another format or
   * kind.
   */
  readonly reissue: boolean;
  /** Position of the key that verified it. */
  readonly keyIndex: number;
  /** The state of its device, if that was checked. */
  readonly device?: DeviceState | undefined;
  /** When the cookie's session was renewed or ended, if that was recently. */
  readonly endedAt?: number | undefined;
  /** Why the cookie was rejected. */
  readonly rejected?: RejectReason | "revoked" | undefined;
  /** Its token, if it came in one piece; a part of the Cookie header. */
  token?: string | undefined;
  /** The names of its cookies, to be deleted with it. */
  readonly cookies: readonly string[];
  /**
   * Older sessions whose cookies came with the request. A logout ends them too. Undefined if there
   * is one cookie of the name, which is usual.
   */
  readonly others?: readonly OtherSession[] | undefined;
}

/** Another session whose cookie came with the request. */
export interface OtherSession extends Times {
  readonly sid: string;
}

/** One of our tokens that is authentic and in time. The session itself must still be checked. */
export interface VerifiedCookie {
  readonly opened: OpenedToken;
  /** Its text, or its first chunk. */
  readonly token: string;
  /** The names of its cookies. */
  readonly present: readonly string[];
  /** Older sessions whose cookies came with it, under other attributes. */
  readonly others?: readonly OtherSession[];
}

/** What this process recently did to a session. */
export interface RecentChange {
  /**
   * True if the session ended: no copy of its cookie is valid, and no request may bring it back.
   */
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

/** What a session keeps about its device. */
export type DeviceRecord = {
  /** The thumbprint of the device's public key (RFC 7638). */
  readonly key: string;
  /** When it was bound, in seconds since 1970. */
  readonly since: number;
  /** When the newest bound cookie expires, in seconds since 1970. */
  readonly until: number;
};

/** Metadata that travels with the data, but does not belong to it. */
export type Metadata = {
  /** Messages for the next request. */
  flash?: { [key: string]: JsonValue };
  /** When the user last proved their identity, in seconds since 1970. */
  authenticatedAt?: number;
  /**
   * The session's own lifetime in seconds; null until the browser closes. See session/lifetime.ts.
   */
  maxAge?: number | null;
  /** The count of its user's revocations when it began; see store/epoch.ts. */
  epoch?: number;
  /** Keeps a session without data, because a CSRF token was made for it. */
  csrf?: 1;
  /** The hash of the other framework's cookie that the session came from. */
  from?: string;
  /** What its user calls it, such as "Firefox on Linux". */
  label?: string;
  /** The device that the session is bound to. */
  device?: DeviceRecord;
};

/** The session as the handler left it. */
export interface Draft {
  /** The session as it was before. */
  readonly loaded: LoadedSnapshot;
  /** The session's id. It differs from the loaded one if the session was renewed or ended. */
  readonly sid: string;
  /** When the session began. A renewed session begins anew. */
  readonly born: number;
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** True if the session was ended, so that the present data belongs to another one. */
  readonly destroyed: boolean;
  /** True if the request came over TLS, for `httpsOnly: "auto"`. */
  readonly secure: boolean;
  /** The attributes under which browsers may still have an older cookie of the name. */
  readonly strays: readonly string[];
}

/** The result of a commit. */
export interface Saved {
  readonly setCookie: readonly string[];
  /** The session as the next request finds it; undefined if it has ended. */
  readonly issued?: Snapshot | undefined;
}

/** The outcome of a request before the store is consulted. */
export interface Outcome {
  /** The session's JSON as the request left it. */
  readonly json: string;
  readonly changed: boolean;
  readonly renewed: boolean;
}

/** Characters of a label. */
export const MAX_LABEL = 100;

const STORED = '[{},{"stored":';

/**
 * Makes the JSON of a cookie whose data is in the store.
 *
 * @param userKey the store's key of the session's user, so that one look-up finds both
 * @param maxAge the session's own lifetime, needed before the store is asked
 */
export function storedBody(userKey: string | undefined, maxAge: number | null | undefined): string {
  const own = maxAge === undefined ? "" : `,"maxAge":${maxAge}`;
  return `${STORED}${userKey === undefined ? 1 : `"${userKey}"`}${own}}]`;
}

/** True if the data of a cookie is in the store. */
export function isStoredBody(json: string): boolean {
  return json.startsWith(STORED);
}

/** Stands for a session that ended. Nothing brings it back. */
export const ENDED = "ended";

/** A user id, as the option `subject` finds it in the data. */
export type User = string | number;

/** The facts by which a session's user is checked. */
export interface HeldSession {
  readonly sid: string;
  /** The id that a renewal in this request gives it. */
  readonly next?: string;
  readonly data: object;
  readonly meta: JsonObject;
}
