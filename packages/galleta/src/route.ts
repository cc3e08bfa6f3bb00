import type { JsonValue, SessionData } from "@galleta/session";
import { normalizeRoute } from "h3";
import type { InferRouteParams } from "rou3";
import { GalletaError } from "./errors.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";
import type { Socket } from "./websocket/socket.ts";

/** The named parts of a pattern: `ParamsOf<"/items/:id">` is `{ id: string }`. */
export type ParamsOf<Pattern extends string> = string extends Pattern
  ? Record<string, string>
  : InferRouteParams<Pattern>;

/**
 * Answers a request, at once or with a promise. What it set on `res` is sent; a `Response` that it
 * returns is sent instead; anything else that it returns is ignored.
 */
export type View<Data extends object = SessionData, Params = Record<string, string>> = (
  req: HttpRequest<Data, Params>,
  res: HttpResponse,
) => unknown;

/**
 * Stands around every view of its app and of the apps mounted in it. It calls `next` to go on and
 * may look at `res` after that; one that does not call it answers itself.
 */
export type Middleware<Data extends object = SessionData> = (
  req: HttpRequest<Data>,
  res: HttpResponse,
  next: () => Promise<void>,
) => unknown;

/** Answers a request whose view threw an error of the class it was registered with. */
export type ErrorHandler<Failure extends Error = Error, Data extends object = SessionData> = (
  req: HttpRequest<Data>,
  res: HttpResponse,
  error: Failure,
) => unknown;

/** Options of `app.route`. */
export interface RouteOptions {
  /** The methods that the view answers. Default `["GET"]`. GET answers HEAD as well. */
  readonly methods?: readonly string[];
}

/** What messages of a socket are: text, parsed JSON or bytes. */
export type ValueType = "text" | "json" | "bytes";

/** What a message of a socket is, by its `valueType`. */
export type MessageOf<Type extends ValueType> = Type extends "text"
  ? string
  : Type extends "bytes"
    ? Uint8Array
    : JsonValue;

/** Options of `app.websocketRoute`. */
export interface SocketOptions<Type extends ValueType = ValueType> {
  /** What messages are, coming and going. Default `"text"`. */
  readonly valueType?: Type;
  /**
   * Whether the handshake is answered by itself, as soon as the view wants a message, sends one,
   * or returns. Default true. With false the view calls `accept` or `reject`.
   */
  readonly autoAccept?: boolean;
  /** The largest message, in bytes; a larger one closes the socket with 1009. Default 1 MiB. */
  readonly maxMessageSize?: number;
  /** How many messages may wait for the view before the client is made to wait. Default 32. */
  readonly maxQueue?: number;
}

/** Serves one socket, from its handshake to its end. */
export type SocketView<
  Data extends object = SessionData,
  Params = Record<string, string>,
  Type extends ValueType = "text",
> = (ws: Socket<Data, Params, Type>) => unknown;

// One app holds views of its own type of session only. What is inside the framework passes them on
// and never calls them with anything else, so there the type is left open.
export type AnyView = View<never, never>;
export type AnyMiddleware = Middleware<never>;
export type AnyErrorHandler = ErrorHandler<never, never>;
export type AnySocketView = SocketView<never, never, never>;

const METHOD = /^[A-Z]+(?:-[A-Z]+)*$/;

/** The methods of a route, each once. */
export function checkMethods(methods: readonly string[] = ["GET"]): readonly string[] {
  const wrong = methods.find((method) => typeof method !== "string" || !METHOD.test(method));
  if (methods.length === 0 || wrong !== undefined) {
    throw new GalletaError(
      "ERR_GALLETA_ROUTE",
      'The methods of a route are a list of names in upper case, as in ["GET", "POST"].',
    );
  }
  return [...new Set(methods)];
}

/** A pattern as the router knows it, so that `items/:id` and `/items/:id` are the same. */
export function checkPattern(pattern: string): string {
  if (typeof pattern !== "string" || !pattern.startsWith("/")) {
    throw new GalletaError(
      "ERR_GALLETA_ROUTE",
      'A pattern starts with a slash, as in "/items/:id".',
    );
  }
  return normalizeRoute(pattern);
}

/** A pattern below a prefix: `/api` and `/items` give `/api/items`. */
export function joinPattern(prefix: string, pattern: string): string {
  const base = prefix.replace(/\/+$/, "");
  return pattern === "/" && base !== "" ? base : base + pattern;
}
