import { STATUS_CODES } from "node:http";
import { GalletaError } from "./errors.ts";

/** The JSON body of a response with an error status. */
export interface HTTPErrorBody {
  /** The status of the response. */
  readonly status: number;
  /** The status in words, such as `Not Found`. */
  readonly error: string;
  /** Details of the failure that the client may know. */
  readonly detail?: unknown;
  /** The code of a session error, such as `ERR_SESSION_CSRF`. */
  readonly code?: string | undefined;
  /** The rule of the cross-site or Host check that denied the request, such as `sec-fetch-site`. */
  readonly rule?: string | undefined;
}

/** Options of {@link HTTPError}. */
export interface HTTPErrorOptions {
  /** Details for the client: a sentence, or any JSON value. Sent unchanged in the body. */
  readonly detail?: unknown;
  /** Headers for the response, such as `{ "retry-after": "30" }`. */
  readonly headers?: HeadersInit;
  /**
   * Why the request was denied, in a form that programs can read: an error code, and the name of
   * the rule that denied it. Both are sent in the body.
   */
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
   * Returns the JSON body of the response for this error. h3 also calls this method if one of its
   * handlers throws the error.
   */
  toJSON(): HTTPErrorBody {
    return errorBody(this.status, this.detail, this.denial);
  }
}

/**
 * Returns the words for a status, such as `Not Found` (RFC 9110 §15); "Error" for an unknown
 * status.
 */
function statusText(status: number): string {
  return STATUS_CODES[status] ?? "Error";
}

/** Makes the JSON body of an error response. Arguments that are `undefined` are left out. */
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
