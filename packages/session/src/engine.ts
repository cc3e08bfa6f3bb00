import { isBranded } from "./copies.ts";
import { UNTOUCHED } from "./cookie/headers.ts";
import { pathOf, type CrossSiteCheck } from "./csrf/check.ts";
import { denialBody, type Denial } from "./csrf/denial.ts";
import { explainDenial } from "./csrf/explain.ts";
import { checkRequestToken, type BodyReader } from "./csrf/request-token.ts";
import { storeRequired } from "./session/connect.ts";
import { SessionContext } from "./session/context.ts";
import type { SessionData, SessionOf } from "./session/data.ts";
import { SessionError } from "./errors.ts";
import { findIn } from "./session/find-in.ts";
import { throwHandshakeSent } from "./session/late-writes.ts";
import type {
  Endpoint,
  ExchangeAnswer,
  ListedSession,
  ResumeOptions,
  StorePort,
} from "./session/ports.ts";
import type { Shared } from "./session/shared.ts";
import type { RequestFacts } from "./session/request.ts";
import { setUp, type SessionOptions } from "./set-up.ts";

const BRAND: unique symbol = Symbol.for("galleta.sessions");

/**
 * Opens, checks and ends the sessions of one set of options. It does not depend on a framework: it
 * takes a `Cookie` header and facts about the request, and returns response headers.
 */
export class Sessions<Data = SessionData> {
  /** The cookie's name. */
  readonly cookieName: string;
  /** The property of a request or socket that holds the session. */
  readonly property: string;
  /** True if {@link SessionContext.load} may have to wait for a store. */
  readonly loads: boolean;
  readonly #shared: Shared;
  readonly #crossSite: CrossSiteCheck;
  /** True if {@link Sessions.start} must run before the next session is opened. */
  #mustStart: boolean;

  /** @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY` */
  constructor(options: SessionOptions<Data>) {
    const { shared, crossSite } = setUp(options);
    this.#shared = shared;
    this.#crossSite = crossSite;
    this.cookieName = shared.settings.cookieName;
    this.property = shared.settings.property;
    this.loads = shared.loads;
    this.#mustStart = shared.store !== undefined || shared.live !== undefined;
  }

  /** Makes `instanceof Sessions` true also for objects that another copy of this package made. */
  static [Symbol.hasInstance](value: unknown): value is Sessions<unknown> {
    return isBranded(this, BRAND, value);
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  /**
   * The state that all requests and sockets of these sessions share. It is an accessor, so that
   * `util.inspect` does not print it.
   */
  get shared(): Shared {
    return this.#shared;
  }

  /**
   * The path where a page gets its new cookie after `update` on a socket: the page posts the
   * ticket, a signed text that it got over the socket. `undefined` if these sessions make no
   * tickets.
   */
  get exchangePath(): string | undefined {
    return this.#shared.live?.exchangePath;
  }

  /**
   * Opens the session of a request. The cookie is read when the session is first used.
   *
   * @param cookieHeader the `Cookie` header, several headers joined with `"; "`
   * @param request shows, for `httpsOnly: "auto"`, whether the request came over TLS
   */
  open(cookieHeader: string | null | undefined, request?: RequestFacts): SessionContext<Data> {
    if (this.#mustStart) this.start();
    return new SessionContext<Data>(this.#shared, cookieHeader ?? "", request);
  }

  /**
   * Returns the session of a request or a socket, with the type `Data` of these sessions.
   *
   * It works in every framework and needs no declaration of `SessionData`.
   *
   * @param given what the handler gets: `req` of Express and Fastify, `ctx` of Koa, `c` of Hono,
   *   `event` of h3, the context of a Fetch handler, the locals of a page, a socket
   * @throws SessionError `ERR_SESSION_SETUP` if the middleware of these sessions did not run before
   * @example
   * ```ts
   * const mine = sessions.of(req); // the same object as req.session
   * mine.visits = (mine.visits ?? 0) + 1;
   * ```
   */
  of(given: object): SessionOf<Data> {
    const own = findIn(given, this.property, this.#shared);
    if (own !== undefined) return own as SessionOf<Data>;
    throw new SessionError(
      "ERR_SESSION_SETUP",
      "sessions.of() found no session in its argument. Pass the request, context or socket that the handler gets, and put the middleware of the same sessions before the handler.",
    );
  }

  /**
   * Loads the session of an open socket again, such as the socket of a Durable Object that slept.
   *
   * The session can be read, and `update` can change it.
   *
   * @param cookieHeader the `Cookie` header of the socket's handshake, or the newest one that the
   *   callback `prolonged` received
   * @returns `undefined` if the session has ended or expired
   * @throws SessionError `ERR_SESSION_STORE`; `ERR_SESSION_OPTION`, `ERR_SESSION_STORE_REQUIRED` if
   *   `prolonged` does not fit the options
   * @example
   * ```ts
   * const session = await sessions.resume(request.headers.get("cookie"));
   * ```
   */
  async resume(
    cookieHeader: string | null | undefined,
    options: ResumeOptions = {},
  ): Promise<SessionOf<Data> | undefined> {
    const { live } = this.#shared;
    const context = this.open(cookieHeader);
    await context.load();
    if (context.state.loaded.isNew) return undefined;
    const header = cookieHeader ?? "";
    if ((await live?.resumed(context as never, header, options)) === false) return undefined;
    context.close(throwHandshakeSent);
    return context.session;
  }

  /**
   * Checks that an HTTP request does not come from another site.
   *
   * @returns the reason to deny the request; `"needs-token"` asks for {@link Sessions.checkToken};
   *   `undefined` accepts it
   */
  check(request: RequestFacts): Denial | "needs-token" | undefined {
    const outcome = this.#crossSite.http(request);
    if (typeof outcome === "object") this.#report(outcome, request);
    return outcome;
  }

  /**
   * Checks the token of a request for which {@link Sessions.check} returned `"needs-token"`. The
   * token is in the header `x-csrf-token` or the form field `csrf_token`. With `csrf: "strict"`,
   * requests without a session need no token, except those with the Origin `null`.
   *
   * @param readBody reads the body and leaves it readable for the view; called only for a form
   */
  async checkToken(
    request: RequestFacts,
    context: SessionContext<Data>,
    readBody: BodyReader,
  ): Promise<Denial | undefined> {
    const denial = await checkRequestToken(request, context, readBody);
    if (denial !== undefined) this.#report(denial, request);
    return denial;
  }

  /**
   * Checks only the Host of a request. Use this for endpoints that a browser itself calls while it
   * loads a page of any site, such as those of device-bound sessions.
   */
  checkHost(request: RequestFacts): Denial | undefined {
    const denial = this.#crossSite.host(request);
    if (denial !== undefined) this.#report(denial, request);
    return denial;
  }

  /**
   * Returns Galleta's own endpoint for this request, such as the one at
   * {@link Sessions.exchangePath}; `undefined` if the app answers the request.
   */
  endpointOf(request: RequestFacts): Endpoint | undefined {
    const { endpoints } = this.#shared;
    if (endpoints.size === 0) return undefined;
    const endpoint = endpoints.get(pathOf(request.target));
    return endpoint?.method === request.method ? endpoint : undefined;
  }

  /** Checks the Origin of a WebSocket handshake, before its session is opened. */
  checkHandshake(request: RequestFacts): Denial | undefined {
    const denial = this.#crossSite.handshake(request);
    if (denial !== undefined) this.#report(denial, request, true);
    return denial;
  }

  /**
   * Answers a page that exchanges the ticket of an `update` for its new cookie. A request from
   * another site is denied. With `csrf: "strict"` the ticket replaces the CSRF token.
   *
   * @param ticket the request's body, read up to 16,384 characters
   * @throws Error if {@link Sessions.exchangePath} is undefined
   */
  async exchange(
    request: RequestFacts,
    cookieHeader: string | null | undefined,
    ticket: string,
  ): Promise<ExchangeAnswer> {
    const outcome = this.check(request);
    if (typeof outcome === "object") {
      return { status: outcome.status, commit: UNTOUCHED, body: denialBody(outcome) };
    }
    const { live } = this.#shared;
    if (live === undefined)
      throw new Error("These sessions make no tickets, so exchange() must not be called.");
    return live.exchange(this.open(cookieHeader, request) as never, ticket);
  }

  /**
   * Ends all current sessions of a user in every process, and closes their sockets. A later login
   * starts a new session.
   *
   * @param subject the user's value in the field that the option `subject` names
   * @throws SessionError `ERR_SESSION_STORE_REQUIRED` without the options `store` and `subject`;
   *   `ERR_SESSION_STORE` if the store fails: this process then revokes the sessions immediately,
   *   and the other processes do so when the store works again
   * @example
   * ```ts
   * await sessions.revokeAll(user.id);
   * ```
   */
  async revokeAll(subject: string | number): Promise<void> {
    await this.#needStore().endUser(subject);
  }

  #needStore(): StorePort {
    const { store } = this.#shared;
    if (store === undefined) throw storeRequired();
    return store;
  }

  /**
   * Lists the sessions where a user is signed in.
   *
   * @param who the user id, or a session of the user; with a session, its entry in the list is
   *   marked `current`
   * @returns the valid sessions, most recently used first; at most 100
   * @throws SessionError `ERR_SESSION_STORE_REQUIRED` without the options `store` and `subject`;
   *   `ERR_SESSION_STORE`
   * @example
   * ```ts
   * for (const { handle, label, usedAt, current } of await sessions.list(req.session)) {
   *   console.log(label, usedAt, current, handle);
   * }
   * ```
   */
  async list(who: string | number | object): Promise<ListedSession[]> {
    return this.#needStore().list(who);
  }

  /**
   * Ends one session of a user in every process, and closes its sockets and streams.
   *
   * @param handle from {@link Sessions.list}
   * @param options `by`: the session of the user who asks for this. A handle of another user then
   *   counts as unknown, and the event `ended` names the session in `by`
   * @returns false if there is no such session
   * @throws SessionError `ERR_SESSION_STORE_REQUIRED` without the options `store` and `subject`;
   *   `ERR_SESSION_STORE`; `ERR_SESSION_ENDED` if the session in `by` has ended
   * @example
   * ```ts
   * const handle = new URLSearchParams("handle=...").get("handle");
   * await sessions.end(handle ?? "", { by: req.session });
   * ```
   */
  async end(handle: string, options: { readonly by?: object } = {}): Promise<boolean> {
    return this.#needStore().endByHandle(handle, options.by);
  }

  /**
   * Ends all sessions whose data has the given value in a field, in every process, and closes their
   * sockets and streams. Use it, for example, with the session id of an OpenID provider.
   *
   * @param field a field that the option `findBy` names
   * @returns how many sessions were ended
   * @throws SessionError `ERR_SESSION_STORE_REQUIRED`, `ERR_SESSION_STORE`; `ERR_SESSION_OPTION`
   *   for a field that `findBy` does not name; `ERR_SESSION_SUBJECT` for a value no session can
   *   have
   * @example
   * ```ts
   * await sessions.endWhere("oidc.sid", "the sid of a logout token");
   * ```
   */
  async endWhere(field: string, value: string | number): Promise<number> {
    return this.#needStore().endWhere(field, value);
  }

  /**
   * Connects these sessions to their store and to other processes. If this is not called, the first
   * request does it.
   */
  start(): void {
    this.#mustStart = false;
    this.#shared.live?.start();
    this.#shared.store?.start();
  }

  /** Stops the timers of these sessions, and closes the connection to other processes. */
  stop(): void {
    this.#mustStart = true;
    this.#shared.live?.stop();
    this.#shared.store?.stop();
  }

  /**
   * True if the client's own connection uses TLS. Reads a proxy's headers if `trustProxy` allows
   * it.
   */
  isSecure(request: RequestFacts): boolean {
    return this.#crossSite.isSecure(request);
  }

  /**
   * Returns the origin that the client requested, such as `https://example.com`. Reads a proxy's
   * headers if `trustProxy` allows it. `undefined` if the Host is missing, invalid or not allowed.
   */
  originOf(request: RequestFacts): string | undefined {
    return this.#crossSite.ownOrigin(request);
  }

  /** Returns the client's address. Reads a proxy's headers if `trustProxy` allows it. */
  clientAddress(request: RequestFacts): string | undefined {
    return this.#crossSite.clientAddress(request);
  }

  #report(denial: Denial, request: RequestFacts, isHandshake = false): void {
    const own = this.#crossSite.ownOrigin(request);
    this.#shared.settings.events.emit(
      denial.code === "ERR_SESSION_HOST" ? "host" : "csrf",
      undefined,
      { reason: denial.rule, ...explainDenial(denial, request, own, isHandshake) },
    );
  }
}
