import { inspect } from "node:util";
import type { JsonValue, SessionData } from "@galleta/session";
import { nearest } from "@galleta/session/adapter";
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
 * returns is sent instead; anything else that it returns is an error, since it would be lost.
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
  readonly methods?: readonly Method[];
  /**
   * The largest body that the view reads, in bytes; a larger one is a 413. Default: the setting
   * `BODY_LIMIT`.
   */
  readonly bodyLimit?: number;
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

/** The methods that HTTP has (the IANA registry, and what Node reads). */
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

/** The name of a method, in upper case (RFC 9110 §9). */
export type Method = (typeof METHODS)[number];

/** The options of a route, checked, with each method once. */
export function checkRouteOptions(options: RouteOptions): {
  readonly methods: readonly Method[];
  readonly bodyLimit: number | undefined;
} {
  for (const name of Object.keys(options)) {
    if (name === "methods" || name === "bodyLimit") continue;
    throw wrong(`A route has no option ${name}. Its options are methods and bodyLimit.`);
  }
  const { bodyLimit } = options;
  if (bodyLimit !== undefined && !(Number.isSafeInteger(bodyLimit) && bodyLimit >= 0)) {
    throw wrong("bodyLimit must be a whole number of bytes.");
  }
  return { methods: checkMethods(options.methods), bodyLimit };
}

function checkMethods(methods: readonly Method[] = ["GET"]): readonly Method[] {
  if (!Array.isArray(methods) || methods.length === 0) {
    throw wrong('methods must be a list of the methods of a route, as in ["GET", "POST"].');
  }
  for (const method of methods as readonly unknown[]) {
    if ((METHODS as readonly unknown[]).includes(method)) continue;
    const meant = typeof method === "string" ? nearest(method, METHODS) : undefined;
    throw wrong(
      `methods must hold names of HTTP methods in upper case, and ${inspect(method)} is not one.` +
        (meant === undefined ? "" : ` Did you mean "${meant}"?`),
    );
  }
  return [...new Set(methods)];
}

function wrong(message: string): GalletaError<"ERR_GALLETA_ROUTE"> {
  return new GalletaError("ERR_GALLETA_ROUTE", message);
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
