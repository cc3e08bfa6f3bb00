import type { Times } from "../token/header.ts";
import type { Flat, OpenedToken } from "../token/token.ts";
import type { JsonObject, JsonValue, RejectReason } from "./format.ts";

/**
 * The data of a session at one revision (a number that grows with each change), as stores keep it.
 */
export interface Revision {
  readonly rev: number;
  /** The session's JSON: its data, or `[data, metadata]`. */
  readonly json: string;
}

/** A session at one revision, with its id and the times that its token contains. */
export interface Snapshot extends Times, Revision {
  readonly sid: string;
}

/** The session as a request brought it, with parsed data. */
export interface LoadedSnapshot extends Snapshot {
  /**
   * The session's data as the request found it. Requests share this object if none of its values is
   * nested.
   */
  data: Readonly<JsonObject>;
  readonly meta: JsonObject;
  /**
   * The session's JSON as the request found it; empty for a new session. A commit compares the new
   * JSON with it to find changes.
   */
  readonly json: string;
  /**
   * True if no value in `data` is an object or array. A handler can change such a nested value in
   * place, because data is copied only one level deep.
   */
  readonly isFlat?: boolean;
  readonly isNew: boolean;
  /**
   * True if the session came from another framework's cookie. Such a cookie has no session id, and
   * does not say how often the user's sessions had been revoked.
   */
  readonly isForeign?: boolean;
  /**
   * True if the session's cookie must be issued again even without changes: for example, because it
   * was signed with an old key or has another format.
   */
  readonly reissue: boolean;
  /** The index of the secret key that verified the session's cookie; 0 is the key that signs. */
  readonly keyIndex: number;
  /** The state of the session's device, if the option `deviceBound` is set. */
  readonly device?: DeviceState | undefined;
  /**
   * When the session of the request's cookie was renewed or ended, in seconds since 1970; only if
   * this was recently.
   */
  readonly endedAt?: number | undefined;
  /** Why the request's cookie was rejected. */
  readonly rejected?: RejectReason | "revoked" | undefined;
  /**
   * The session's token, unless it was split into several cookies. This string is a part of the
   * Cookie header.
   */
  token?: string | undefined;
  /**
   * The names of the session's cookies in the request. If the session ends, these cookies are
   * deleted.
   */
  readonly cookies: readonly string[];
  /**
   * Older sessions whose cookies came with the same request. A logout also ends these sessions.
   * Undefined if there are none, which is usual.
   */
  readonly others?: readonly OtherSession[] | undefined;
}

/** An older session whose cookie came with the same request. */
export interface OtherSession extends Times {
  readonly sid: string;
}

/**
 * A cookie with an authentic token of Galleta that has not expired. Whether the session has ended
 * is not checked yet.
 */
export interface VerifiedCookie {
  readonly opened: OpenedToken;
  /** The session token, or its first part if it was split into several cookies. */
  readonly token: string;
  /** The names of the cookies that contain the session token. */
  readonly present: readonly string[];
  /**
   * Older sessions whose cookies came in the same request. Their cookies have the same name, but
   * other attributes, such as another path.
   */
  readonly others?: readonly OtherSession[];
}

/** The last change or the end of a session, as far as this process knows. */
export interface RecentChange {
  /** True if the session ended. No copy of its cookie is valid, and no request can revive it. */
  readonly ended: boolean;
  /** The newest revision of the session; 0 if it has ended. */
  readonly rev: number;
  /** The session's newest JSON; empty if it has ended. */
  readonly json: string;
  /** When the session was changed or ended, in seconds since 1970. */
  readonly at: number;
}

/** The state of a session's device, with the option `deviceBound`. */
export type DeviceState = "none" | "fresh" | "stale";

/** What a session remembers about the device that it is bound to. */
export type DeviceRecord = {
  /** The thumbprint of the device's public key (RFC 7638). */
  readonly key: string;
  /** When the session was bound to the device, in seconds since 1970. */
  readonly since: number;
  /**
   * When the session's newest device cookie expires, in seconds since 1970. The browser gets such a
   * cookie when it proves that it has the device's key.
   */
  readonly until: number;
};

/** Metadata of a session, which Galleta saves together with the app's data. */
export type Metadata = {
  /** Messages that `flash` stored for the next request, by key. */
  flash?: { [key: string]: JsonValue };
  /** When the user last proved their identity, in seconds since 1970. */
  authenticatedAt?: number;
  /**
   * The lifetime that `setMaxAge` gave the session, in seconds; null if the session lasts until the
   * browser closes.
   */
  maxAge?: number | null;
  /**
   * How often all sessions of the user had been revoked when this session began. If the store has a
   * higher count now, the session was revoked.
   */
  epoch?: number;
  /** 1 for a session with a CSRF token. Such a session is kept even without data. */
  csrf?: 1;
  /** The hash of the other framework's cookie that the session was migrated from. */
  from?: string;
  /** The session's label, such as "Firefox on Linux". */
  label?: string;
  /** The device that the session is bound to. */
  device?: DeviceRecord;
};

/** A session as the handler left it, before it is saved. */
export interface Draft {
  /** The session as the request brought it. */
  readonly loaded: LoadedSnapshot;
  /**
   * The session's id. If the handler renewed or ended the session, this id differs from the one in
   * `loaded`.
   */
  readonly sid: string;
  /** When the session began, or was last renewed, in seconds since 1970. */
  readonly born: number;
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** True if the handler ended the session, so that the current data belongs to a new session. */
  readonly destroyed: boolean;
  /** True if the request came over TLS, for `httpsOnly: "auto"`. */
  readonly secure: boolean;
  /**
   * Attributes, such as another path or domain, under which browsers may still have an older cookie
   * of the session.
   */
  readonly strays: readonly string[];
}

/** The result of saving a session at the end of a request. */
export interface Saved {
  readonly setCookie: readonly string[];
  /** The session as the next request will find it; undefined if the session has ended. */
  readonly issued?: Snapshot | undefined;
}

/** What a request did to its session, as far as it is known before the store is asked. */
export interface Outcome {
  /** The session's JSON after the request. */
  readonly json: string;
  /** The session's data, parsed from its JSON; only if no value in the data is nested. */
  readonly flat?: Flat | undefined;
  readonly changed: boolean;
  readonly renewed: boolean;
}

/** The largest number of characters in a label. */
export const MAX_LABEL = 100;

const STORED = '[{},{"stored":';

/**
 * Makes the JSON for the cookie of a session whose data is in the store.
 *
 * @param userKey the store's key for the session's user, so that one look-up reads session and user
 * @param maxAge the lifetime that `setMaxAge` gave the session; it is needed before the store is
 *   asked
 */
export function storedBody(userKey: string | undefined, maxAge: number | null | undefined): string {
  const own = maxAge === undefined ? "" : `,"maxAge":${maxAge}`;
  return `${STORED}${userKey === undefined ? 1 : `"${userKey}"`}${own}}]`;
}

/** True if a cookie's JSON says that the session's data is in the store. */
export function isStoredBody(json: string): boolean {
  return json.startsWith(STORED);
}

/** Stands for a session that has ended. No request can revive such a session. */
export const ENDED = "ended";

/** A user id: the value of the field that the option `subject` names. */
export type User = string | number;

/** What a store must know about a session to check if it, or its user's sessions, were revoked. */
export interface HeldSession {
  readonly sid: string;
  /** The session's new id, if this request renews it. */
  readonly next?: string;
  readonly data: object;
  readonly meta: JsonObject;
}
