/**
 * Every code that `galleta` itself throws; the ones of the session start with `ERR_SESSION_`. A
 * code is part of the public interface: it never changes its meaning, so programs may compare it.
 */
export type GalletaErrorCode =
  /** A key of the configuration is missing, or its value does not fit its cast. */
  "ERR_GALLETA_CONFIG";

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
    super(message, "cause" in options ? { cause: options.cause } : undefined);
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
