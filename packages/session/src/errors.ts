import { isBranded } from "./copies.ts";

/**
 * Every code that `@galleta/session` throws. Codes are public: they keep their meaning, so programs
 * may compare them.
 */
export type SessionErrorCode =
  /** An option is unknown, has the wrong type, or contradicts another. Thrown at set-up. */
  | "ERR_SESSION_OPTION"
  /** A secret key is missing, empty, or too weak for production. Thrown at set-up. */
  | "ERR_SESSION_KEY"
  /** The argument of a function is not a session. */
  | "ERR_SESSION_NOT_A_SESSION"
  /** The session holds a value that JSON cannot carry; the message names the path. */
  | "ERR_SESSION_NOT_JSON"
  /** The session's data does not match the option `schema`. */
  | "ERR_SESSION_SCHEMA"
  /** The session has data that the cookies of the option `writeAs` cannot contain. */
  | "ERR_SESSION_FORMAT"
  /** The cookie would be larger than a browser keeps; the message names the largest keys. */
  | "ERR_SESSION_TOO_LARGE"
  /** The session was changed after the response headers were sent. */
  | "ERR_SESSION_COMMITTED"
  /** The session of a socket was changed after the handshake without calling `update`. */
  | "ERR_SESSION_HANDSHAKE_SENT"
  /** The function given to `update` returned a promise. */
  | "ERR_SESSION_ASYNC_CHANGE"
  /** The session was ended (logged out, revoked or expired) and can no longer be changed. */
  | "ERR_SESSION_ENDED"
  /** Sessions are not switched on for this app, or the middleware has not run yet. */
  | "ERR_SESSION_DISABLED"
  /** The session middleware is missing, runs twice, or runs in the wrong order. */
  | "ERR_SESSION_SETUP"
  /** The cross-site check denied a request. */
  | "ERR_SESSION_CSRF"
  /** A request's Host is invalid or not allowed. */
  | "ERR_SESSION_HOST"
  /** The store failed or did not answer in time; `cause` has the store's error. */
  | "ERR_SESSION_STORE"
  /** A user id is neither a non-empty string nor a finite number. */
  | "ERR_SESSION_SUBJECT"
  /** The user has as many sessions as the option `maxSessions` allows. */
  | "ERR_SESSION_LIMIT"
  /** The function or option needs the option `store`, which is not set. */
  | "ERR_SESSION_STORE_REQUIRED"
  /** A ticket of `update` has a wrong MAC, form or purpose. */
  | "ERR_SESSION_TICKET_INVALID"
  /** A ticket of `update` arrived more than 60 seconds after it was made. */
  | "ERR_SESSION_TICKET_EXPIRED"
  /** A ticket of `update` was already exchanged for a cookie. */
  | "ERR_SESSION_TICKET_USED"
  /** A ticket of `update` belongs to another session. */
  | "ERR_SESSION_TICKET_FOREIGN"
  /** The session has changed since the ticket of `update` was made. */
  | "ERR_SESSION_TICKET_STALE"
  /**
   * Too many calls of `update` on one session are waiting for its page to exchange their tickets.
   */
  | "ERR_SESSION_TICKET_LIMIT"
  /** An `update` failed: the page closed, or did not exchange the ticket for a cookie in time. */
  | "ERR_SESSION_UPDATE_TIMEOUT"
  /** A device did not prove that it has its session's key. */
  | "ERR_SESSION_DEVICE"
  /** The runtime does not support the call, such as a cookie in the answer to a handshake. */
  | "ERR_SESSION_RUNTIME";

/** The address of Galleta's documentation. */
export const DOCS = "https://galleta.js.org";

/**
 * Returns the address of the docs page for an error code. Every message ends with this address.
 */
export function docsOf(code: string): string {
  return `${DOCS}/errors#${code.toLowerCase()}`;
}

/** Optional details of a {@link SessionError}. */
export interface SessionErrorOptions {
  /** The error that caused this one. */
  cause?: unknown;
  /** The HTTP status for a request that fails with this error. Default 500. */
  status?: number;
  /** The rule that denied the request, for `ERR_SESSION_CSRF` and `ERR_SESSION_HOST`. */
  rule?: string;
}

const BRAND: unique symbol = Symbol.for("galleta.error");

/**
 * The error class of `@galleta/session`. Its `code` is a literal that says which error it is.
 *
 * The message says what to do and never contains a token, a secret or a value of the session.
 *
 * @example
 * ```ts
 * try {
 *   req.session.cart = hugeCart;
 * } catch (error) {
 *   if (error instanceof SessionError && error.code === "ERR_SESSION_COMMITTED") retryLater();
 * }
 * ```
 */
export class SessionError<Code extends SessionErrorCode = SessionErrorCode> extends Error {
  /** The kind of error, as a literal that programs may compare. */
  readonly code: Code;
  /** The HTTP status for a request that fails with this error. */
  readonly status: number;
  /** The rule that denied the request, for `ERR_SESSION_CSRF` and `ERR_SESSION_HOST`. */
  declare readonly rule?: string;

  /**
   * Makes `instanceof SessionError` true also for errors that another copy of this package made.
   * After the check, `code` has a literal type.
   */
  static override [Symbol.hasInstance](value: unknown): value is SessionError {
    return isBranded(this, BRAND, value);
  }

  constructor(code: Code, message: string, options: SessionErrorOptions = {}) {
    super(`${message} See ${docsOf(code)}`, options);
    this.name = "SessionError";
    this.code = code;
    this.status = options.status ?? 500;
    // Set only if there is a rule, since logs show all properties of an error.
    if (options.rule !== undefined) this.rule = options.rule;
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }
}

/**
 * Makes the error for a wrong option. The message says which values are valid, but not which value
 * was given.
 */
export function optionError(message: string): SessionError<"ERR_SESSION_OPTION"> {
  return new SessionError("ERR_SESSION_OPTION", message);
}
