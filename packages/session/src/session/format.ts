/** A value that JSON can carry. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** The data of a session. */
export type JsonObject = { [key: string]: JsonValue };

/** The raw cookies of one request, without unquoting or percent-decoding. */
export interface CookieSource {
  /** Returns a cookie's value; `undefined` if there is none, or several with different values. */
  get(name: string): string | undefined;
}

/** The reason why a cookie was rejected. It appears only in events, not in the response. */
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

/** The result of reading another framework's cookie. */
export type FormatReading =
  | {
      readonly ok: true;
      readonly data: JsonObject;
      /** When the cookie was written, in seconds since 1970, if the format contains it. */
      readonly issuedAt?: number;
      /** When the cookie expires, in seconds since 1970, if the format contains it. */
      readonly expiresAt?: number;
      /** The index of the format's key that verified the cookie; 0 is the key that signs. */
      readonly keyIndex: number;
    }
  | { readonly ok: false; readonly reason: RejectReason };

/** A cookie to write. Its value is already encoded for the Set-Cookie header. */
export interface FormatCookie {
  readonly name: string;
  readonly value: string;
}

/** Reads and writes the session cookie of another framework. */
export interface SessionFormat {
  /** The framework's name in events. */
  readonly name: string;
  /** Every cookie name of this format; the first holds the data. */
  readonly cookieNames: readonly string[];
  /**
   * Verifies and reads a cookie. Never throws.
   * @param now seconds since 1970
   * @returns `undefined` if the request has no cookie of this format
   */
  read(cookies: CookieSource, now: number): FormatReading | undefined;
  /**
   * Serializes and signs a session, so that the other framework accepts it and reads the same data.
   * @param now seconds since 1970
   * @param maxAge lifetime of the cookie in seconds; null keeps it until the browser closes
   */
  write(data: JsonObject, now: number, maxAge: number | null): readonly FormatCookie[];
}

/**
 * Reads sessions that another framework keeps on a server, with a signed id in the cookie. Such
 * sessions are read-only.
 */
export interface StoredFormat {
  /** The framework's name in events. */
  readonly name: string;
  /** The cookie names of this format. */
  readonly cookieNames: readonly string[];
  /** True if the other framework issued the cookie. Does not ask a store. */
  isGenuine(cookies: CookieSource): boolean;
  /**
   * Verifies the cookie and reads its session. If the store fails, the use of the session throws.
   *
   * @returns `undefined` if the request has no cookie of this format
   */
  load(cookies: CookieSource): Promise<FormatReading> | FormatReading | undefined;
}

/** An entry of the option `formats`. */
export type AnyFormat = SessionFormat | StoredFormat;

/** True if a format must ask a store. */
export function isStored(format: AnyFormat): format is StoredFormat {
  return "load" in format;
}
