import type { JsonObject, RejectReason } from "@galleta/session";
import type { CookieFormat } from "./recognise.ts";
import type { TokenField } from "./token-view.ts";

/** What became of a cookie. */
export type CookieStatus =
  /** Its key verified it, and it is in force. */
  | "valid"
  /** It would be refused; `reason` says why. */
  | "refused"
  /** No key was given: what it says may be made up. */
  | "unverified"
  /** It is no session cookie that is known here. */
  | "unknown";

/** What is known of a cookie. It holds no key. */
export interface CookieReport {
  /** Its name; of a value alone, the name that it was verified with. */
  readonly name: string | undefined;
  /** Its value, that of all its chunks together. */
  readonly value: string;
  readonly format: CookieFormat | "unknown";
  /** Of a token of ours. A ticket carries a change from a socket and is never a session. */
  readonly kind?: "signed" | "encrypted" | "ticket" | undefined;
  readonly status: CookieStatus;
  readonly reason?: RejectReason | undefined;
  /** Whether `data` is known to come from the server. */
  readonly dataIsVerified: boolean;
  readonly data?: JsonObject | undefined;
  /** The data is in the app's store, and the cookie has its id alone. */
  readonly isStored?: boolean | undefined;
  /** Flash messages and the like. */
  readonly metadata?: JsonObject | undefined;
  readonly id?: string | undefined;
  readonly revision?: number | undefined;
  readonly createdAt?: Date | undefined;
  readonly issuedAt?: Date | undefined;
  /** Null where it does not end by itself. */
  readonly expiresAt?: Date | null | undefined;
  /** The hint at its key that a token of ours carries, in hexadecimal. */
  readonly keyId?: string | undefined;
  /** Which of the keys verified it; 0 is the first. */
  readonly keyIndex?: number | undefined;
  /** Bytes of name and value, of all cookies that the session is split into. */
  readonly size: number;
  /** The cookies that it is made of: more than one with `chunks`, or with a signature of its own. */
  readonly cookies: readonly string[];
  /** Of a Set-Cookie, as they stand in it. */
  readonly attributes?: readonly string[] | undefined;
  /** Sentences on what may surprise. */
  readonly remarks: readonly string[];
  /** The parts of a token of ours. */
  readonly fields?: readonly TokenField[] | undefined;
}

/** A date from seconds since 1970; `undefined` where it is beyond what a Date holds. */
export function dateOf(seconds: number | undefined): Date | undefined {
  if (seconds === undefined || seconds > 8_640_000_000_000) return undefined;
  return new Date(seconds * 1000);
}
