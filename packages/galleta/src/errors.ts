import { docsOf } from "@galleta/session/adapter";

/**
 * Every code that `galleta` itself throws; the ones of the session start with `ERR_SESSION_`. A
 * code is part of the public interface: it never changes its meaning, so programs may compare it.
 */
export type GalletaErrorCode =
  /** A key of the configuration is missing, or its value does not fit its cast. */
  | "ERR_GALLETA_CONFIG"
  /** A setting is missing or cannot be used. */
  | "ERR_GALLETA_SETTINGS"
  /** `configure` ran twice for one app. */
  | "ERR_GALLETA_CONFIGURED_TWICE"
  /** The app is served, or settings are read, before `configure` ran. */
  | "ERR_GALLETA_NOT_CONFIGURED"
  /** A route, a mount or a handler cannot be registered. */
  | "ERR_GALLETA_ROUTE"
  /** A view, a middleware or an error handler returned a value that cannot be sent. */
  | "ERR_GALLETA_VIEW"
  /** A request ends with the status of this error. */
  | "ERR_GALLETA_HTTP"
  /** The client of a socket went away. */
  | "ERR_GALLETA_WEBSOCKET_DISCONNECT"
  /** A method of a socket was called when it has no meaning, such as a second `accept`. */
  | "ERR_GALLETA_WEBSOCKET_STATE";

/** What an app expects to catch needs no page: the message is the app's own, or the close code. */
const EXPECTED: readonly GalletaErrorCode[] = [
  "ERR_GALLETA_HTTP",
  "ERR_GALLETA_WEBSOCKET_DISCONNECT",
];

const explained = (code: GalletaErrorCode, message: string) =>
  EXPECTED.includes(code) ? message : `${message} See ${docsOf(code)}`;

/** Extra facts of a {@link GalletaError}. */
export interface GalletaErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
}

/**
 * The base class of what `galleta` throws; told apart by its literal `code`. The message says what
 * to do and never holds a secret or the value of a setting.
 *
 * @example
 * ```ts
 * if (error instanceof GalletaError && error.code === "ERR_GALLETA_CONFIG") process.exit(1);
 * ```
 */
export class GalletaError<Code extends GalletaErrorCode = GalletaErrorCode> extends Error {
  /** What went wrong, as a literal that programs may compare. */
  readonly code: Code;

  constructor(code: Code, message: string, options: GalletaErrorOptions = {}) {
    super(explained(code, message), "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * A key of the configuration is missing, cannot be read, or does not fit its cast. The message
 * names the key and never its value; there is no `cause` where that one could quote the value.
 */
export class ConfigError extends GalletaError<"ERR_GALLETA_CONFIG"> {
  constructor(message: string, options: GalletaErrorOptions = {}) {
    super("ERR_GALLETA_CONFIG", message, options);
  }
}

/**
 * A setting is missing or cannot be used, or `configure` was not called as it must be. The message
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

/**
 * The client of a socket went away in another way than by a normal close (1000), by leaving the
 * page (1001) or without a code (1005); or something was sent to a socket that is closed.
 *
 * It may leave the view: the socket is closed already, and nothing is logged. It has no stack.
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
  /** The close code (RFC 6455 §7.4); 1006 when the connection broke without one. */
  readonly closeCode: number;
  /** The reason that came with the code; often empty. */
  readonly reason: string;

  constructor(closeCode: number, reason = "") {
    // A stack would show the event loop and no more, and take longer than all else at a close.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super("ERR_GALLETA_WEBSOCKET_DISCONNECT", `The socket is closed (code ${closeCode}).`);
    Error.stackTraceLimit = stackTraceLimit;
    this.closeCode = closeCode;
    this.reason = reason;
  }
}
