/** A value as JSON can carry it. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** The data of a session. */
export type JsonObject = { [key: string]: JsonValue };

/** The cookies of one request, raw: nothing is unquoted or percent-decoded. */
export interface CookieSource {
  /** The value of a cookie; `undefined` where there is none, or where two differ. */
  get(name: string): string | undefined;
}

/** Why a cookie was refused. Told in events, never to the client. */
export type RejectReason =
  | "malformed"
  | "not-canonical"
  | "length"
  | "version"
  | "flags"
  | "key"
  | "mac"
  | "decryption"
  | "time"
  | "expired"
  | "future"
  | "payload"
  | "schema"
  | "duplicate"
  | "chunks"
  | "device"
  | "too-large";

/** What came of reading a foreign cookie. */
export type FormatReading =
  | {
      readonly ok: true;
      readonly data: JsonObject;
      /** When the cookie was written, in seconds since 1970, where the format tells. */
      readonly issuedAt?: number;
      /** When it ends, in seconds since 1970, where the format tells. */
      readonly expiresAt?: number;
      /** Which of the format's keys verified it; 0 is the one that signs. */
      readonly keyIndex: number;
    }
  | { readonly ok: false; readonly reason: RejectReason };

/** A cookie to write: its name and its value as it stands in the header. */
export interface FormatCookie {
  readonly name: string;
  readonly value: string;
}

/** Reads and writes the session cookie of another framework. */
export interface SessionFormat {
  /** The framework, as events name it. */
  readonly name: string;
  /** Every cookie name of this format; the first holds the data. */
  readonly cookieNames: readonly string[];
  /**
   * Verifies and reads. Never throws, whatever the cookie holds.
   * @param now seconds since 1970
   * @returns `undefined` where the request has no cookie of this format
   */
  read(cookies: CookieSource, now: number): FormatReading | undefined;
  /**
   * Serializes and signs, byte for byte as the other framework does.
   * @param now seconds since 1970
   * @param maxAge seconds the cookie shall last, or null until the browser closes
   */
  write(data: JsonObject, now: number, maxAge: number | null): readonly FormatCookie[];
}
