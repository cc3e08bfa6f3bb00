import type { Times } from "../token/header.ts";
import type { OpenedToken } from "../token/token.ts";
import type { JsonObject, JsonValue, RejectReason } from "./format.ts";

/** The data of a session at one revision: what stores keep. */
export interface Revision {
  readonly rev: number;
  /** The JSON: its data, or data and metadata. */
  readonly json: string;
}

/** A session at one revision: what its token says, whoever asks. */
export interface Snapshot extends Times, Revision {
  readonly sid: string;
}

/** The snapshot that a request brought, with its data parsed. */
export interface LoadedSnapshot extends Snapshot {
  /** The data as it was issued. Requests share it where nothing in it is nested. */
  data: Readonly<JsonObject>;
  readonly meta: JsonObject;
  /** The JSON as it was issued; what is different at the end was changed. Empty when new. */
  readonly json: string;
  /** Whether nothing in the data is nested, so that it still is as it was issued. */
  readonly isFlat?: boolean;
  readonly isNew: boolean;
  /** True for a cookie of another framework, which has no id and no count of revocations. */
  readonly isForeign?: boolean;
  /** It must be issued again although nothing changed: an old key, another format or kind. */
  readonly reissue: boolean;
  /** Position of the key that verified it. */
  readonly keyIndex: number;
  /** How it stands to its device, where that was judged. */
  readonly device?: DeviceState | undefined;
  /** When the session that the cookie names was renewed or ended, where that was lately. */
  readonly endedAt?: number | undefined;
  /** Why the cookie was refused. */
  readonly rejected?: RejectReason | "revoked" | undefined;
  /** The token that it came in, where that was in one piece; cut out of the Cookie header. */
  token?: string | undefined;
  /** The cookies that hold it, to be deleted with it. */
  readonly cookies: readonly string[];
  /**
   * Older sessions whose cookies came with the request: a logout ends them too. Undefined where one
   * cookie of the name came, as nearly always.
   */
  readonly others?: readonly OtherSession[] | undefined;
}

/** Another session whose cookie came with the request. */
export interface OtherSession extends Times {
  readonly sid: string;
}

/** A token of ours that is authentic and in time. Whether its session still is, is to be asked. */
export interface VerifiedCookie {
  readonly opened: OpenedToken;
  /** Its text, or the first chunk of it. */
  readonly token: string;
  /** The cookies that hold it. */
  readonly present: readonly string[];
  /** Older sessions whose cookies came with it, under other attributes. */
  readonly others?: readonly OtherSession[];
}

/** What this process did to a session lately. */
export interface RecentChange {
  /** The session was ended: no copy of its cookie is good, and no request may bring it back. */
  readonly ended: boolean;
  /** The newest revision. */
  readonly rev: number;
  /** The newest JSON; empty where it ended. */
  readonly json: string;
  /** When this was learnt, in seconds since 1970. */
  readonly at: number;
}

/** How a session stands to a device, where the option `deviceBound` is set. */
export type DeviceState = "none" | "fresh" | "stale";

/** What a session keeps of the device that it is bound to. */
export type DeviceRecord = {
  /** The thumbprint of the device's public key (RFC 7638). */
  readonly key: string;
  /** When it was bound, in seconds since 1970. */
  readonly since: number;
  /** When the newest bound cookie ends, in seconds since 1970. */
  readonly until: number;
};

/** Metadata that travels with the data and is no part of it. */
export type Metadata = {
  /** Messages for the next request. */
  flash?: { [key: string]: JsonValue };
  /** When the user last proved who they are, in seconds since 1970. */
  authenticatedAt?: number;
  /** Its own lifetime in seconds; null until the browser closes. See session/lifetime.ts. */
  maxAge?: number | null;
  /** The count of its user's revocations when it began; see store/epoch.ts. */
  epoch?: number;
  /** Keeps a session without data, because a CSRF token was made for it. */
  csrf?: 1;
  /** The hash of another framework's cookie that the session came from. */
  from?: string;
  /** The device that the session is bound to. */
  device?: DeviceRecord;
};

/** The session as the handler left it. */
export interface Draft {
  /** What it started from. */
  readonly loaded: LoadedSnapshot;
  /** Another id than the loaded one where the session was renewed or ended. */
  readonly sid: string;
  /** When the session began; a renewed one begins anew. */
  readonly born: number;
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** Whether the session was ended, so that what is there now is another one. */
  readonly destroyed: boolean;
  /** Whether the request came over TLS, for `httpsOnly: "auto"`. */
  readonly secure: boolean;
  /** The attributes under which browsers may still have an older cookie of the name. */
  readonly strays: readonly string[];
}

/** What a commit did. */
export interface Saved {
  readonly setCookie: readonly string[];
  /** The session as its next reader finds it; undefined where there is none any more. */
  readonly issued?: Snapshot | undefined;
}

/** The outcome of a request before the store is consulted. */
export interface Outcome {
  /** The session's JSON as the request left it. */
  readonly json: string;
  readonly changed: boolean;
  readonly renewed: boolean;
}

const STORED = '[{},{"stored":';

/**
 * The JSON of a cookie whose data is in the store.
 *
 * @param userKey the store's key of the session's user, so that both are looked up at once
 * @param maxAge the session's own, which says when the cookie ends before the store is asked
 */
export function storedBody(userKey: string | undefined, maxAge: number | null | undefined): string {
  const own = maxAge === undefined ? "" : `,"maxAge":${maxAge}`;
  return `${STORED}${userKey === undefined ? 1 : `"${userKey}"`}${own}}]`;
}

/** True if the data of a cookie is in the store. */
export function isStoredBody(json: string): boolean {
  return json.startsWith(STORED);
}

/** A session that was ended: nothing brings it back. */
export const ENDED = "ended";

/** Whose session it is, as the option `subject` finds it in the data. */
export type User = string | number;

/** What a session's user is judged by. */
export interface HeldSession {
  readonly sid: string;
  /** The id that a renewal in this request gives it. */
  readonly next?: string;
  readonly data: object;
  readonly meta: JsonObject;
}
