import type { SessionData, Sessions } from "@galleta/session";
import type { H3 } from "h3";
import { Core } from "./core.ts";
import { sessionsAreOff } from "./errors.ts";
import type { LifecycleEvent, LifecycleListener } from "./lifecycle.ts";
import {
  checkPattern,
  checkRouteOptions,
  type ErrorHandler,
  type Middleware,
  type ParamsOf,
  type RouteOptions,
  type SocketOptions,
  type SocketView,
  type ValueType,
  type View,
  routeError,
} from "./route.ts";
import { checkSocketOptions } from "./websocket/endpoint.ts";

/**
 * A value that `app.mount` accepts besides an App: a function that answers a Request, or an object
 * with such a function as `fetch` (an h3 or Hono app).
 */
export type Mountable =
  | ((request: Request) => Response | Promise<Response>)
  | { fetch(request: Request): Response | Promise<Response> };

/** A class of errors that `app.errorHandler` accepts, such as `TypeError`. */
export type ErrorClass<Failure extends Error> = abstract new (...args: never[]) => Failure;

// `Symbol.for` gives all copies of galleta in a process the same symbol, because the `galleta`
// command may be another copy than the one that the app imports.
const BRAND = Symbol.for("galleta.app");

/**
 * Returns the Core of an app, which contains its routes and settings. Only for files of the
 * framework: App keeps its Core in a private field and sets this function.
 */
export let coreOf: <Data extends object>(app: App<Data>) => Core;

/**
 * A web application: HTTP and WebSocket routes that share one session. `Data` is the type of
 * `req.session` and `ws.session`. The default is `SessionData`, an interface that an app can
 * extend.
 *
 * @example
 * ```ts
 * const app = new App();
 * configure(app, { SESSIONS: true });
 * app.route("/", (req, res) => {
 *   req.session.visits = (req.session.visits ?? 0) + 1;
 *   res.json = { visits: req.session.visits };
 * });
 * export default app;   // npx galleta serve app.ts
 * ```
 */
export class App<Data extends object = SessionData> {
  readonly #core = new Core();
  readonly [BRAND] = true;

  /**
   * The h3 app on which this app is built, for features that `App` does not wrap: `app.h3.use(event
   * => handleCors(event, options))`. Handlers that you register here run before every route and
   * have no session. h3 answers the errors that they throw.
   */
  get h3(): H3 {
    return this.#core.h3;
  }

  /**
   * The sessions of this app, for tasks outside a request: `app.sessions.revokeAll(id)`.
   *
   * @throws SessionError `ERR_SESSION_DISABLED` if the app has no sessions
   */
  get sessions(): Sessions<Data> {
    const { sessions } = this.#core;
    if (sessions === undefined) throw sessionsAreOff("app.sessions");
    return sessions as unknown as Sessions<Data>;
  }

  /**
   * Answers a Request. Servers, workers and tests call it.
   *
   * @throws SettingsError `ERR_GALLETA_NOT_CONFIGURED` before `configure(app)` ran
   */
  readonly fetch = (request: Request): Response | Promise<Response> => {
    this.#core.assertConfigured();
    return this.#core.h3.fetch(request);
  };

  /**
   * Adds a view (a function that answers requests) for a path. Patterns are h3's: `/items/:id`
   * matches one segment, `/files/**:path` the rest of the path. GET also answers HEAD; other
   * methods get 405 with `Allow`.
   *
   * @throws GalletaError `ERR_GALLETA_ROUTE` if the pattern or an option is wrong, or the path
   *   already has a view for a method
   * @example
   * ```ts
   * app.route("/items/:id", (req, res) => { res.json = items.get(req.params.id); });
   * app.route("/items", { methods: ["POST"] }, async (req, res) => { res.status = 201; });
   * ```
   */
  route<Pattern extends string>(pattern: Pattern, view: View<Data, ParamsOf<Pattern>>): this;
  route<Pattern extends string>(
    pattern: Pattern,
    options: RouteOptions,
    view: View<Data, ParamsOf<Pattern>>,
  ): this;
  route<Pattern extends string>(
    pattern: Pattern,
    ...rest: [View<Data, ParamsOf<Pattern>>] | [RouteOptions, View<Data, ParamsOf<Pattern>>]
  ): this {
    const [options, view] = rest.length === 1 ? [{}, rest[0]] : rest;
    const where = checkPattern(pattern);
    checkFunction(view, "view");
    const { methods, bodyLimit } = checkRouteOptions(options);
    for (const method of methods) {
      this.#core.addRoute({ method, pattern: where, view, owners: [this.#core], bodyLimit });
    }
    return this;
  }

  /**
   * Adds a view (a handler function) for WebSockets (RFC 6455). The view runs from the handshake
   * until the socket closes. When it returns, the socket is closed with 1000; when it throws, with
   * 1011.
   *
   * @throws GalletaError `ERR_GALLETA_ROUTE` if the pattern or an option is wrong, or the path
   *   already has a WebSocket view
   * @example
   * ```ts
   * app.websocketRoute("/echo", async (ws) => {
   *   for await (const message of ws) await ws.send(message);
   * });
   * ```
   */
  websocketRoute<Pattern extends string>(
    pattern: Pattern,
    view: SocketView<Data, ParamsOf<Pattern>>,
  ): this;
  websocketRoute<Pattern extends string, Type extends ValueType = "text">(
    pattern: Pattern,
    options: SocketOptions<Type>,
    view: SocketView<Data, ParamsOf<Pattern>, Type>,
  ): this;
  websocketRoute<Pattern extends string, Type extends ValueType>(
    pattern: Pattern,
    ...rest:
      | [SocketView<Data, ParamsOf<Pattern>>]
      | [SocketOptions<Type>, SocketView<Data, ParamsOf<Pattern>, Type>]
  ): this {
    const [options, view] = rest.length === 1 ? [{}, rest[0]] : rest;
    const where = checkPattern(pattern);
    checkFunction(view, "view");
    const checked = checkSocketOptions(options);
    this.#core.addSocketRoute({ ...checked, pattern: where, view, owners: [this.#core] });
    return this;
  }

  /**
   * Runs a function around every view of this app and of the apps mounted in it.
   *
   * For a WebSocket route, the function runs before the handshake is answered. If the function
   * throws, or answers without calling `next`, the handshake is denied with that status. Headers
   * that it sets on `res` are sent with the answer to the handshake.
   *
   * The function also runs for requests without a view (404, 405). Functions run in the order of
   * registration. After `next()`, `res.status` is the status that the client gets. If the view
   * throws, `next()` rejects, and `res` already contains the answer to the error.
   *
   * Middleware also runs for requests that the cross-site check denied, so that it can log and
   * count them. Using the session or the body of such a request throws, and the response remains an
   * error.
   *
   * @example
   * ```ts
   * app.use(async (req, res, next) => {
   *   if (req.url.pathname.startsWith("/admin") && !req.session.isAdmin) throw new HTTPError(403);
   *   await next();
   *   res.headers.set("x-frame-options", "DENY");
   * });
   * app.websocketRoute("/admin/feed", (ws) => ws.send("for admins"));   // guarded as well
   * ```
   */
  use(middleware: Middleware<Data>): this {
    checkFunction(middleware, "middleware");
    this.#core.middleware.push(middleware);
    return this;
  }

  /**
   * Registers a function that answers errors of a class and of its subclasses. If a subclass has
   * its own handler, that handler answers instead. Without any handler, an HTTPError is sent as
   * JSON, and an unexpected error is logged and answered with 500.
   *
   * @example
   * ```ts
   * app.errorHandler(OutOfStock, (req, res, error) => {
   *   res.status = 409;
   *   res.json = { item: error.item };
   * });
   * ```
   */
  errorHandler<Failure extends Error>(
    type: ErrorClass<Failure>,
    handler: ErrorHandler<Failure, Data>,
  ): this {
    checkFunction(type, "class");
    checkFunction(handler, "error handler");
    this.#core.errorHandlers.set(type, handler as ErrorHandler<never, never>);
    return this;
  }

  /**
   * Runs a function when the app starts or stops. "startup" listeners run before the first request
   * is answered, "shutdown" listeners after the last. Startup listeners run in order, shutdown
   * listeners in reverse. If a startup listener throws, the app does not start.
   *
   * @example
   * ```ts
   * app.on("startup", () => db.connect());
   * app.on("shutdown", () => db.close());
   * ```
   */
  on(event: LifecycleEvent, listener: LifecycleListener): this {
    if (event !== "startup" && event !== "shutdown") {
      throw routeError('app.on accepts only the events "startup" and "shutdown".');
    }
    checkFunction(listener, "listener");
    this.#core.lifecycle.on(event, listener);
    return this;
  }

  /**
   * Serves another app below a prefix.
   *
   * A mounted App keeps its own routes, sockets, listeners, middleware and error handlers, and uses
   * the settings and the session of this app. Any other object that answers a Request gets the path
   * without the prefix, and `BODY_LIMIT` does not limit the bodies that it reads.
   *
   * @throws GalletaError `ERR_GALLETA_ROUTE` if `inner` cannot be mounted, or a path already has a
   *   view
   * @example
   * ```ts
   * app.mount("/admin", adminApp);
   * app.mount("/legacy", (request) => new Response("Hello"));
   * ```
   */
  mount<Inner extends object>(prefix: string, inner: App<Inner> | Mountable): this {
    const where = checkPattern(prefix);
    if (inner instanceof App) {
      this.#core.mountApp(where, inner.#core);
      return this;
    }
    const fetch = typeof inner === "function" ? inner : inner?.fetch?.bind(inner);
    checkFunction(fetch, "app or fetch handler");
    this.#core.mountFetch(where, fetch);
    return this;
  }

  /** True if a value is an App, even one that another installed copy of galleta made. */
  static isApp(value: unknown): value is App {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  static {
    coreOf = (app) => app.#core;
  }
}

function checkFunction(
  value: unknown,
  what: string,
): asserts value is (...args: never[]) => unknown {
  if (typeof value === "function") return;
  throw routeError(`The ${what} must be a function, but it is ${typeof value}.`);
}
