import { STATUS_CODES } from "node:http";
import { GalletaError } from "./errors.ts";

/** The JSON that answers a request which failed. */
export interface HTTPErrorBody {
  /** The status, as in the head of the response. */
  readonly status: number;
  /** The status in words, as in `Not Found`. */
  readonly error: string;
  /** What the client may know of the failure. */
  readonly detail?: unknown;
  /** The code of an error of the session, as in `ERR_SESSION_CSRF`. */
  readonly code?: string | undefined;
  /** Which rule refused the request, as in `sec-fetch-site`. */
  readonly rule?: string | undefined;
}

/** Options of {@link HTTPError}. */
export interface HTTPErrorOptions {
  /** What the client may know: a sentence, or any JSON. It is sent as it is. */
  readonly detail?: unknown;
  /** Headers for the response, as in `{ "retry-after": "30" }`. */
  readonly headers?: HeadersInit;
  /** What refused the request: a code and a rule for programs to compare. */
  readonly refusal?: Pick<HTTPErrorBody, "code" | "rule">;
  /** The error that led to this one. It is never sent. */
  readonly cause?: unknown;
}

/**
 * Ends a request with a status (RFC 9110 §15): thrown in a view, a middleware or, before the
 * handshake, in a WebSocket view. The client gets JSON: `{ status, error, detail? }`.
 *
 * Throws a RangeError when `status` is no error status (400 to 599).
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
  readonly refusal: HTTPErrorOptions["refusal"];

  constructor(status: number, options: HTTPErrorOptions = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError("An HTTPError has a status from 400 to 599.");
    }
    super(
      "ERR_GALLETA_HTTP",
      typeof options.detail === "string" ? options.detail : statusText(status),
      "cause" in options ? { cause: options.cause } : {},
    );
    this.status = status;
    this.detail = options.detail;
    this.refusal = options.refusal;
    this.headers = options.headers === undefined ? undefined : new Headers(options.headers);
  }

  /** The body of the response. h3 asks for it, too, where this is thrown in one of its handlers. */
  toJSON(): HTTPErrorBody {
    return errorBody(this.status, this.detail, this.refusal);
  }
}

/** A status in words (RFC 9110 §15); "Error" for a number that has none. */
function statusText(status: number): string {
  return STATUS_CODES[status] ?? "Error";
}

/** The body of an error response; `detail` and `code` stand in it only where there are any. */
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
