import type { Sessions } from "@galleta/session";
import type { CrossSiteCheck } from "@galleta/session/adapter";
import { getRouterParams, requestWithBaseURL, type H3, type H3Event } from "h3";
import { addRoute, createRouter, findRoute } from "rou3";
import { SettingsError } from "./errors.ts";
import { HTTPError } from "./http-error.ts";
import { Lifecycle } from "./lifecycle.ts";
import { handle, type Endpoint } from "./pipeline.ts";
import { joinPattern, routeError, type AnyErrorHandler, type AnyMiddleware } from "./route.ts";
import { FallbackH3 } from "./seams.ts";
import type { SettingsTable } from "./settings.ts";
import type { SocketEndpoint } from "./websocket/endpoint.ts";

/** The methods that the `Allow` header of a 405 response may name. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

const DEFAULT_BODY_LIMIT = 1024 * 1024;

/** A mount of another app: the outer app, and the prefix of the paths. */
interface Mount {
  readonly parent: Core;
  readonly prefix: string;
}

/** An HTTP route of an app. If the app is mounted, the outer app gets a copy of the route. */
interface HttpRoute extends Endpoint {
  readonly method: string;
  readonly pattern: string;
}

interface SocketRoute extends SocketEndpoint {
  readonly pattern: string;
}

/** The routes, handlers, sessions and settings of an app. `App` is the public part of it. */
export class Core {
  readonly h3: FallbackH3;
  readonly middleware: AnyMiddleware[] = [];
  readonly errorHandlers = new Map<unknown, AnyErrorHandler>();
  readonly lifecycle = new Lifecycle();
  settings: SettingsTable | undefined;
  sessions: Sessions<never> | undefined;
  /** The path of the session inspector, if it is mounted. */
  inspector: string | undefined;
  /** The sessions of all entries but the first, if the setting `SESSIONS` is a list. */
  otherSessions: readonly Sessions<never>[] = [];
  /**
   * Checks the Host header of a request against the setting `ALLOWED_HOSTS`. Used only in an app
   * without sessions, because sessions check the Host themselves.
   */
  hosts: CrossSiteCheck | undefined;
  bodyLimit = DEFAULT_BODY_LIMIT;
  readonly #routes: HttpRoute[] = [];
  readonly #socketRoutes: SocketRoute[] = [];
  readonly #sockets = createRouter<SocketEndpoint>();
  readonly #taken = new Set<string>();
  readonly #mounts: Mount[] = [];

  constructor() {
    // Requests without a route also run through the middleware.
    const missing: Endpoint = { view: (req) => this.#throwMissing(req.event), owners: [this] };
    this.h3 = new FallbackH3({ handler: (event) => handle(missing, event) });
  }

  /** Adds a route to this app and to the apps in which it is mounted. */
  addRoute(route: HttpRoute): void {
    this.#take(`${route.method || "*"} ${route.pattern}`);
    this.#routes.push(route);
    // h3's type lists only some methods, but h3 accepts all.
    const method = route.method as Parameters<H3["on"]>[0];
    this.h3.on(method, route.pattern, (event) => handle(route, event));
    for (const mount of this.#mounts) mount.parent.addRoute(below(mount, route));
  }

  addSocketRoute(route: SocketRoute): void {
    this.#take(`WebSocket ${route.pattern}`);
    this.#socketRoutes.push(route);
    addRoute(this.#sockets, "", route.pattern, route);
    for (const mount of this.#mounts) mount.parent.addSocketRoute(below(mount, route));
  }

  get hasSockets(): boolean {
    return this.#socketRoutes.length > 0;
  }

  /** Mounts another app, with its present routes and those that it gets later. */
  mountApp(prefix: string, child: Core): void {
    if (child === this || child.#contains(this)) {
      throw routeError("An app cannot be mounted in itself.");
    }
    const mount: Mount = { parent: this, prefix };
    child.#mounts.push(mount);
    this.lifecycle.add(child.lifecycle);
    for (const route of child.#routes) this.addRoute(below(mount, route));
    for (const route of child.#socketRoutes) this.addSocketRoute(below(mount, route));
  }

  /**
   * Mounts a function that answers a Request. The URL of that Request does not contain the prefix.
   */
  mountFetch(prefix: string, fetch: (request: Request) => Response | Promise<Response>): void {
    const base = prefix.replace(/\/+$/, "");
    if (/[:*]/.test(base)) {
      throw routeError(
        "A fetch handler can only be mounted at a path without parameters, such as /admin.",
      );
    }
    const view: Endpoint["view"] = ({ event }) => {
      // "/api//admin" would reach the other app as "/admin", past a guard of "/api/admin".
      if (event.url.pathname.startsWith(`${base}//`)) throw new HTTPError(404);
      return fetch(requestWithBaseURL(event.req, base, { url: event.url }));
    };
    this.addRoute({ method: "", pattern: joinPattern(prefix, "/**"), view, owners: [this] });
  }

  /** Finds the WebSocket route of a path, and decodes the parameters in the path. */
  findSocket(
    event: H3Event,
  ): { endpoint: SocketEndpoint; params: Record<string, string> } | undefined {
    const match = findRoute(this.#sockets, "", event.url.pathname);
    if (match === undefined) return undefined;
    event.context.params = match.params ?? {};
    return { endpoint: match.data, params: getRouterParams(event, { decode: true }) };
  }

  /**
   * Checks that the app can be served.
   *
   * @throws SettingsError `ERR_GALLETA_NOT_CONFIGURED` if `configure` was not called for it
   */
  assertConfigured(): void {
    if (this.settings !== undefined) return;
    throw new SettingsError(
      "ERR_GALLETA_NOT_CONFIGURED",
      "This app is not configured. Call configure(app, settings) before it is served.",
    );
  }

  #contains(other: Core): boolean {
    return other.#mounts.some(({ parent }) => parent === this || this.#contains(parent));
  }

  #take(name: string): void {
    if (this.#taken.has(name)) {
      throw routeError(`${name} already has a view.`);
    }
    this.#taken.add(name);
  }

  /**
   * Throws the error for a request without a route: 405 if the path has a route for another method,
   * 426 if it has a WebSocket route, otherwise 404.
   */
  #throwMissing(event: H3Event): never {
    const { pathname } = event.url;
    const allowed = METHODS.filter((method) => this.h3.hasRoute(method, pathname));
    if (allowed.length > 0) {
      if (allowed.includes("GET") && !allowed.includes("HEAD")) allowed.push("HEAD");
      throw new HTTPError(405, { headers: { allow: allowed.join(", ") } });
    }
    if (findRoute(this.#sockets, "", pathname)) {
      throw new HTTPError(426, {
        detail: "This path accepts only WebSocket connections.",
        headers: { upgrade: "websocket", connection: "upgrade" },
      });
    }
    throw new HTTPError(404);
  }
}

function below<Route extends { pattern: string; owners: readonly Core[] }>(
  { parent, prefix }: Mount,
  route: Route,
): Route {
  const pattern = joinPattern(prefix, route.pattern);
  return { ...route, pattern, owners: [parent, ...route.owners] };
}
