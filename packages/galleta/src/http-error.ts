import { STATUS_CODES } from "node:http";
import { GalletaError } from "./errors.ts";

/** The JSON body for a request that failed. */
export interface HTTPErrorBody {
  /** The status of the response. */
  readonly status: number;
  /** The status in words, such as `Not Found`. */
  readonly error: string;
  /** Details of the failure that the client may know. */
  readonly detail?: unknown;
  /** The code of a session error, such as `ERR_SESSION_CSRF`. */
  readonly code?: string | undefined;
  /** The rule that denied the request, such as `sec-fetch-site`. */
  readonly rule?: string | undefined;
}

/** Options of {@link HTTPError}. */
export interface HTTPErrorOptions {
  /** Details that the client may know: a sentence, or any JSON. Sent unchanged. */
  readonly detail?: unknown;
  /** Headers for the response, such as `{ "retry-after": "30" }`. */
  readonly headers?: HeadersInit;
  /** The reason for a denial: a code and a rule that programs can compare. */
  readonly denial?: Pick<HTTPErrorBody, "code" | "rule">;
  /** The error that caused this one. It is never sent. */
  readonly cause?: unknown;
}

/**
 * Ends a request with a status (RFC 9110 §15). Throw it in a view, in middleware or, before the
 * handshake, in a WebSocket view. The client gets JSON: `{ status, error, detail? }`.
 *
 * Throws a RangeError if `status` is not an error status (400 to 599).
 *
 * @example
 * ```ts
 * if (item === undefined) throw new HTTPError(404, { detail: "There is no such item." });
 * ```
 */
export class HTTPError extends GalletaError<"ERR_GALLETA_HTTP"> {
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Headers | undefined;
  readonly denial: HTTPErrorOptions["denial"];

  constructor(status: number, options: HTTPErrorOptions = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError("An HTTPError needs a status from 400 to 599.");
    }
    super(
      "ERR_GALLETA_HTTP",
      typeof options.detail === "string" ? options.detail : statusText(status),
      "cause" in options ? { cause: options.cause } : {},
    );
    this.status = status;
    this.detail = options.detail;
    this.denial = options.denial;
    this.headers = options.headers === undefined ? undefined : new Headers(options.headers);
  }

  /**
   * Returns the body of the response. h3 also calls it if one of its handlers throws this error.
   */
  toJSON(): HTTPErrorBody {
    return errorBody(this.status, this.detail, this.denial);
  }
}

/** Returns a status in words (RFC 9110 §15); "Error" for an unknown number. */
function statusText(status: number): string {
  return STATUS_CODES[status] ?? "Error";
}

/** Makes the body of an error response, with `detail` and `code` if there are any. */
export function errorBody(
  status: number,
  detail?: unknown,
  { code, rule }: Pick<HTTPErrorBody, "code" | "rule"> = {},
): HTTPErrorBody {
  return {
    status,
    error: statusText(status),
    ...(detail === undefined ? undefined : { detail }),
    ...(code === undefined ? undefined : { code }),
    ...(rule === undefined ? undefined : { rule }),
  };
}
