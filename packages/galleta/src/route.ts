import type { JsonValue, SessionData } from "@galleta/session";
import {
  type Check,
  checkOptionNames,
  filled,
  integer,
  listOf,
  oneOf,
  readOptions,
  type Rules,
} from "@galleta/session/internals";
import { normalizeRoute } from "h3";
import type { InferRouteParams } from "rou3";
import { GalletaError } from "./errors.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";
import type { Socket } from "./websocket/socket.ts";

/** The parameters in the pattern of a route: `ParamsOf<"/items/:id">` is `{ id: string }`. */
export type ParamsOf<Pattern extends string> = string extends Pattern
  ? Record<string, string>
  : InferRouteParams<Pattern>;

/**
 * A view: a function that answers a request, directly or with a promise. The framework sends `res`,
 * or the `Response` that the view returns. Other return values are errors, because they would be
 * lost.
 */
export type View<Data extends object = SessionData, Params = Record<string, string>> = (
  req: HttpRequest<Data, Params>,
  res: HttpResponse,
) => unknown;

/**
 * A function that runs around every view of its app and of the apps mounted in it. It calls `next`
 * to run the view, and may read `res` after that. If it does not call `next`, it must answer the
 * request itself.
 */
export type Middleware<Data extends object = SessionData> = (
  req: HttpRequest<Data>,
  res: HttpResponse,
  next: () => Promise<void>,
) => unknown;

/** A function that answers a request whose view threw an error of the registered class. */
export type ErrorHandler<Failure extends Error = Error, Data extends object = SessionData> = (
  req: HttpRequest<Data>,
  res: HttpResponse,
  error: Failure,
) => unknown;

/** Options of `app.route`. */
export interface RouteOptions {
  /** The methods that the view answers. Default `["GET"]`. GET also answers HEAD. */
  readonly methods?: readonly Method[];
  /**
   * The largest body that the view reads, in bytes; a larger one gets 413. Default: the setting
   * `BODY_LIMIT`.
   */
  readonly bodyLimit?: number;
}

/** The type of a socket's messages: text, parsed JSON or bytes. */
export type ValueType = "text" | "json" | "bytes";

/** The TypeScript type of a message on a socket with this option `valueType`. */
export type MessageOf<Type extends ValueType> = Type extends "text"
  ? string
  : Type extends "bytes"
    ? Uint8Array
    : JsonValue;

/** Options of `app.websocketRoute`. */
export interface SocketOptions<Type extends ValueType = ValueType> {
  /** The type of messages, in both directions. Default `"text"`. */
  readonly valueType?: Type;
  /**
   * Answers the handshake automatically when the view first waits for a message, sends one, or
   * returns. Default true. With false, the view must call `ws.accept` or `ws.reject`.
   */
  readonly autoAccept?: boolean;
  /**
   * The largest message, in bytes; a larger one closes the socket with code 1009. Default 1 MiB.
   */
  readonly maxMessageSize?: number;
  /**
   * How many received messages may wait until the view reads them. At this number the server stops
   * reading from the client. Default 32.
   */
  readonly maxQueue?: number;
}

/** A function that handles one WebSocket, from its handshake until it closes. */
export type SocketView<
  Data extends object = SessionData,
  Params = Record<string, string>,
  Type extends ValueType = "text",
> = (ws: Socket<Data, Params, Type>) => unknown;

// Views with any type of session. The framework only passes them on, so it need not know the type.
export type AnyView = View<never, never>;
export type AnyMiddleware = Middleware<never>;
export type AnyErrorHandler = ErrorHandler<never, never>;
export type AnySocketView = SocketView<never, never, never>;

/** The HTTP methods in the IANA registry that Node accepts. */
const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "QUERY",
  "ACL",
  "BIND",
  "CHECKOUT",
  "COPY",
  "LINK",
  "LOCK",
  "M-SEARCH",
  "MERGE",
  "MKACTIVITY",
  "MKCALENDAR",
  "MKCOL",
  "MOVE",
  "NOTIFY",
  "PROPFIND",
  "PROPPATCH",
  "PURGE",
  "REBIND",
  "REPORT",
  "SEARCH",
  "SOURCE",
  "SUBSCRIBE",
  "UNBIND",
  "UNLINK",
  "UNLOCK",
  "UNSUBSCRIBE",
] as const;

/** The name of an HTTP method, in upper case (RFC 9110 §9). */
export type Method = (typeof METHODS)[number];

/** Checks that an option is a whole number of bytes. */
export const BYTES = integer(0, Number.MAX_SAFE_INTEGER, "a whole number of bytes");

const METHOD: Check = [oneOf(...METHODS)[0], "HTTP methods in upper case", undefined, METHODS];

const RULES: Rules<RouteOptions> = {
  methods: [filled(listOf(METHOD)), ["GET"]],
  bodyLimit: [BYTES],
};

/**
 * Checks the options of `app.route`, and removes repeated methods.
 *
 * @throws GalletaError `ERR_GALLETA_ROUTE` if an option is unknown or wrong
 */
export function checkRouteOptions(options: RouteOptions): {
  readonly methods: readonly Method[];
  readonly bodyLimit: number | undefined;
} {
  checkOptionNames(options, Object.keys(RULES), "option of a route", routeError);
  const { methods, bodyLimit } = readOptions(options, RULES, {}, routeError);
  return { methods: [...new Set(methods)], bodyLimit };
}

/** Makes the error for a route that cannot be registered. */
export function routeError(message: string): GalletaError<"ERR_GALLETA_ROUTE"> {
  return new GalletaError("ERR_GALLETA_ROUTE", message);
}

/** Checks the pattern of a route, and writes it in the form that h3 uses. */
export function checkPattern(pattern: string): string {
  if (typeof pattern !== "string" || !pattern.startsWith("/")) {
    throw routeError('A pattern must start with a slash, such as "/items/:id".');
  }
  return normalizeRoute(pattern);
}

/**
 * Joins the prefix of a mounted app and the pattern of a route: `/api` and `/items` give
 * `/api/items`.
 */
export function joinPattern(prefix: string, pattern: string): string {
  const base = prefix.replace(/\/+$/, "");
  return pattern === "/" && base !== "" ? base : base + pattern;
}
