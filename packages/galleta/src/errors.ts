import { SessionError } from "@galleta/session";
import { docsOf } from "@galleta/session/adapter";

/**
 * The codes of all errors of `galleta`. The codes of session errors start with `ERR_SESSION_`
 * instead. Codes are public: they keep their meaning, so programs may compare them.
 */
export type GalletaErrorCode =
  /** A key of the configuration is missing, or its value is rejected by `cast`. */
  | "ERR_GALLETA_CONFIG"
  /** A setting is missing or wrong. */
  | "ERR_GALLETA_SETTINGS"
  /** `configure` ran twice for one app. */
  | "ERR_GALLETA_CONFIGURED_TWICE"
  /** The app was served, or its settings were read, before `configure` ran. */
  | "ERR_GALLETA_NOT_CONFIGURED"
  /** A route, a mount or a handler cannot be registered. */
  | "ERR_GALLETA_ROUTE"
  /** A view, a middleware or an error handler returned a value that cannot be sent. */
  | "ERR_GALLETA_VIEW"
  /** An HTTPError: the request is answered with its status. */
  | "ERR_GALLETA_HTTP"
  /** The client of a socket disconnected. */
  | "ERR_GALLETA_WEBSOCKET_DISCONNECT"
  /** A method of a socket was called at the wrong time, such as a second `accept`. */
  | "ERR_GALLETA_WEBSOCKET_STATE";

/**
 * The codes of errors that an app usually catches. The messages of these errors do not name a docs
 * page.
 */
const EXPECTED: readonly GalletaErrorCode[] = [
  "ERR_GALLETA_HTTP",
  "ERR_GALLETA_WEBSOCKET_DISCONNECT",
];

const explained = (code: GalletaErrorCode, message: string) =>
  EXPECTED.includes(code) ? message : `${message} See ${docsOf(code)}`;

/** Optional details of a {@link GalletaError}. */
export interface GalletaErrorOptions {
  /** The error that caused this one. */
  cause?: unknown;
}

/**
 * The base class of errors that `galleta` throws. Its `code` is a literal that says which error it
 * is. The message says what to do and never contains a secret or the value of a setting.
 *
 * @example
 * ```ts
 * if (error instanceof GalletaError && error.code === "ERR_GALLETA_CONFIG") process.exit(1);
 * ```
 */
export class GalletaError<Code extends GalletaErrorCode = GalletaErrorCode> extends Error {
  /** The kind of error, as a literal that programs may compare. */
  readonly code: Code;

  constructor(code: Code, message: string, options: GalletaErrorOptions = {}) {
    super(explained(code, message), "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * Thrown if a value of the configuration is missing or rejected by `cast`, or the file cannot be
 * read. The message names the key and never contains the value. The error has no `cause` if the
 * original error could quote the value.
 */
export class ConfigError extends GalletaError<"ERR_GALLETA_CONFIG"> {
  constructor(message: string, options: GalletaErrorOptions = {}) {
    super("ERR_GALLETA_CONFIG", message, options);
  }
}

/**
 * Thrown if a setting is missing or wrong, or `configure` was not called correctly. The message
 * names the setting and never shows its value.
 */
export class SettingsError<
  Code extends
    | "ERR_GALLETA_SETTINGS"
    | "ERR_GALLETA_CONFIGURED_TWICE"
    | "ERR_GALLETA_NOT_CONFIGURED" =
    | "ERR_GALLETA_SETTINGS"
    | "ERR_GALLETA_CONFIGURED_TWICE"
    | "ERR_GALLETA_NOT_CONFIGURED",
> extends GalletaError<Code> {}

/** Makes the error for a setting or an option that cannot be used. */
export function settingsError(
  message: string,
  cause?: unknown,
): SettingsError<"ERR_GALLETA_SETTINGS"> {
  return new SettingsError("ERR_GALLETA_SETTINGS", message, cause === undefined ? {} : { cause });
}

/**
 * Thrown if a socket's client disconnected abnormally, or on sending to a closed socket.
 *
 * A loop over the messages ends without this error after the close codes 1000, 1001 (the user left
 * the page) and 1005 (no code). A view need not catch the error: the socket is already closed, and
 * nothing is logged. The error has no stack.
 *
 * @example
 * ```ts
 * try {
 *   for await (const message of ws) handle(message);
 * } catch (error) {
 *   if (error instanceof WebSocketDisconnect) metrics.lost(error.closeCode);
 *   else throw error;
 * }
 * ```
 */
export class WebSocketDisconnect extends GalletaError<"ERR_GALLETA_WEBSOCKET_DISCONNECT"> {
  /** The close code (RFC 6455 §7.4); 1006 if the connection broke without a close code. */
  readonly closeCode: number;
  /** The reason that was sent with the close code; often empty. */
  readonly reason: string;

  constructor(closeCode: number, reason = "") {
    // A stack would only show the event loop, and would cost more than the rest of a close.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super("ERR_GALLETA_WEBSOCKET_DISCONNECT", `The socket is closed (code ${closeCode}).`);
    Error.stackTraceLimit = stackTraceLimit;
    this.closeCode = closeCode;
    this.reason = reason;
  }
}

/**
 * Makes the error for using a session in an app without sessions. `what` names the property that
 * was used, such as `req.session`.
 */
export function sessionsAreOff(what: string): SessionError<"ERR_SESSION_DISABLED"> {
  return new SessionError(
    "ERR_SESSION_DISABLED",
    `${what} needs sessions, and this app has none. Add the setting SESSIONS: either ` +
      "true, with the key in the environment variable SECRET_KEY, or an object of options.",
  );
}
