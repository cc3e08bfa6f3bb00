import type { JsonObject, RejectReason } from "@galleta/session";
import type { CookieFormat } from "./recognise.ts";
import type { TokenField } from "./token-view.ts";

/** The verdict on an inspected cookie. */
export type CookieStatus =
  /** A key verified the cookie, and the cookie has not expired. */
  | "valid"
  /** The app would reject the cookie; `reason` says why. */
  | "rejected"
  /** No key was given, so the content of the cookie may be forged. */
  | "unverified"
  /** The cookie is not a session cookie of a known kind. */
  | "unknown";

/** The report on one inspected cookie. It never contains a secret key. */
export interface CookieReport {
  /** The cookie's name. If only a value was given, the name with which the value was verified. */
  readonly name: string | undefined;
  /** The cookie's value. If the session is split into several cookies, their values are joined. */
  readonly value: string;
  readonly format: CookieFormat | "unknown";
  /**
   * The kind of a Galleta token. A ticket carries a change of a session from a WebSocket to the
   * browser's cookie; it is never accepted as a session cookie.
   */
  readonly kind?: "signed" | "encrypted" | "ticket" | undefined;
  readonly status: CookieStatus;
  readonly reason?: RejectReason | undefined;
  /** True if a key proved that `data` comes from the server. */
  readonly dataIsVerified: boolean;
  readonly data?: JsonObject | undefined;
  /**
   * True if the session's data is in the app's store. The cookie then contains only the session's
   * id.
   */
  readonly isStored?: boolean | undefined;
  /** Data that Galleta saves with the session, such as flash messages. */
  readonly metadata?: JsonObject | undefined;
  readonly id?: string | undefined;
  readonly revision?: number | undefined;
  readonly createdAt?: Date | undefined;
  readonly issuedAt?: Date | undefined;
  /** When the cookie expires; null if it never does. */
  readonly expiresAt?: Date | null | undefined;
  /**
   * The id of the key that made a Galleta token, in hexadecimal. The id is only a hint: the
   * signature proves which key it was.
   */
  readonly keyId?: string | undefined;
  /** The index of the key that verified the cookie, in the list of keys that was given. */
  readonly keyIndex?: number | undefined;
  /** The size of the session's cookies: all bytes of their names and values. */
  readonly size: number;
  /**
   * The names of the session's cookies. There are several if the session is split into chunks, or
   * if its signature is a cookie of its own.
   */
  readonly cookies: readonly string[];
  /** The attributes of the cookie, as in its Set-Cookie header. */
  readonly attributes?: readonly string[] | undefined;
  /** Sentences about properties of the cookie that may surprise. */
  readonly remarks: readonly string[];
  /** The parts of a Galleta token. */
  readonly fields?: readonly TokenField[] | undefined;
}

/** Makes a date from seconds since 1970; `undefined` if a Date cannot hold it. */
export function dateOf(seconds: number | undefined): Date | undefined {
  if (seconds === undefined || seconds > 8_640_000_000_000) return undefined;
  return new Date(seconds * 1000);
}
