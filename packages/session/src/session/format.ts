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

/** The cookies of one request as received, without unquoting or percent-decoding. */
export interface CookieSource {
  /**
   * Returns the value of the cookie with this name. It returns `undefined` if the request has no
   * such cookie, or several with different values.
   */
  get(name: string): string | undefined;
}

/** The reason why a cookie was rejected. The reason appears only in events, not in the response. */
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
      /**
       * When the cookie was written, in seconds since 1970; only if the cookie contains this time.
       */
      readonly issuedAt?: number;
      /** When the cookie expires, in seconds since 1970; only if the cookie contains this time. */
      readonly expiresAt?: number;
      /**
       * The index of the key that verified the cookie, in the keys of the other framework; 0 is the
       * key that signs.
       */
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
  /** The name of the other framework, as in events. */
  readonly name: string;
  /** The names of the other framework's session cookies. The first cookie holds the data. */
  readonly cookieNames: readonly string[];
  /**
   * Verifies and reads the session cookie of another framework. Never throws.
   * @param now seconds since 1970
   * @returns `undefined` if the request has no such cookie
   */
  read(cookies: CookieSource, now: number): FormatReading | undefined;
  /**
   * Serializes and signs a session as a cookie of another framework, which accepts it and reads the
   * same data.
   * @param now seconds since 1970
   * @param maxAge lifetime of the cookie in seconds; null keeps it until the browser closes
   */
  write(data: JsonObject, now: number, maxAge: number | null): readonly FormatCookie[];
}

/**
 * Reads sessions that another framework keeps on a server, with a signed id in the cookie. Galleta
 * never writes to that framework's store.
 */
export interface StoredFormat {
  /** The name of the other framework, as in events. */
  readonly name: string;
  /** The names of the other framework's session cookies. */
  readonly cookieNames: readonly string[];
  /** True if the other framework issued the cookie, judged without asking the framework's store. */
  isGenuine(cookies: CookieSource): boolean;
  /**
   * Verifies another framework's cookie and reads its session. If that framework's store fails, a
   * later use of the session throws.
   *
   * @returns `undefined` if the request has no such cookie
   */
  load(cookies: CookieSource): Promise<FormatReading> | FormatReading | undefined;
}

/** An entry of the option `formats`, which reads the session cookies of another framework. */
export type AnyFormat = SessionFormat | StoredFormat;

/** True if another framework keeps its sessions in a store, which must be asked. */
export function isStored(format: AnyFormat): format is StoredFormat {
  return "load" in format;
}
