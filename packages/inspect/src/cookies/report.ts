import type { JsonObject, RejectReason } from "@galleta/session";
import type { CookieFormat } from "./recognise.ts";
import type { TokenField } from "./token-view.ts";

/** The result of an inspection. */
export type CookieStatus =
  /** A key verified the cookie, and the cookie has not expired. */
  | "valid"
  /** The app would reject the cookie; `reason` says why. */
  | "rejected"
  /** No key was given, so the content may be forged. */
  | "unverified"
  /** The cookie is not a session cookie of a known kind. */
  | "unknown";

/** The facts about one cookie. The report contains no key. */
export interface CookieReport {
  /** The cookie's name. For a bare value, the name with which it was verified. */
  readonly name: string | undefined;
  /** The cookie's value, joined from all chunks. */
  readonly value: string;
  readonly format: CookieFormat | "unknown";
  /**
   * The kind of a Galleta token. A ticket carries a change from a socket and is never a session.
   */
  readonly kind?: "signed" | "encrypted" | "ticket" | undefined;
  readonly status: CookieStatus;
  readonly reason?: RejectReason | undefined;
  /** True if a key proved that `data` comes from the server. */
  readonly dataIsVerified: boolean;
  readonly data?: JsonObject | undefined;
  /** True if the data is in the app's store, and the cookie contains only its id. */
  readonly isStored?: boolean | undefined;
  /** Data that Galleta saves with the session, such as flash messages. */
  readonly metadata?: JsonObject | undefined;
  readonly id?: string | undefined;
  readonly revision?: number | undefined;
  readonly createdAt?: Date | undefined;
  readonly issuedAt?: Date | undefined;
  /** Null if the cookie does not expire. */
  readonly expiresAt?: Date | null | undefined;
  /**
   * The id of the key in a Galleta token, in hexadecimal. It is a hint: only the signature proves
   * the key.
   */
  readonly keyId?: string | undefined;
  /** The index of the key that verified the cookie; 0 is the first. */
  readonly keyIndex?: number | undefined;
  /** Bytes of name and value, for all cookies of the session. */
  readonly size: number;
  /**
   * The names of the session's cookies: more than one with `chunks`, or with a separate signature.
   */
  readonly cookies: readonly string[];
  /** The attributes of a Set-Cookie, as in the header. */
  readonly attributes?: readonly string[] | undefined;
  /** Sentences about surprising properties. */
  readonly remarks: readonly string[];
  /** The parts of a Galleta token. */
  readonly fields?: readonly TokenField[] | undefined;
}

/** Makes a date from seconds since 1970; `undefined` if a Date cannot hold it. */
export function dateOf(seconds: number | undefined): Date | undefined {
  if (seconds === undefined || seconds > 8_640_000_000_000) return undefined;
  return new Date(seconds * 1000);
}
