import type { OtherProperties, SessionData, SessionOf, StandardSchema } from "@galleta/session";
import { factsOf, type FetchSession } from "@galleta/session/adapter";
import { getRouterParams, type H3Event } from "h3";
import { limitBody, parseForm, parseJson } from "./body.ts";
import type { Core } from "./core.ts";
import { handled } from "./handled.ts";
import { sessionsAreOff } from "./errors.ts";
import { warnOnce } from "./log.ts";
import { defineOther, FirstOfSeveral, holdSessions } from "./several.ts";

/**
 * Returns the object that loads and saves the session of a request. HttpRequest sets this function,
 * because the object is in a private field.
 */
export let heldOf: <Data extends object>(
  req: HttpRequest<Data, never>,
) => FetchSession<Data> | undefined;
/**
 * Makes every use of the session and the body of a request throw the given error. With `undefined`,
 * both can be used again.
 */
export let seal: (req: HttpRequest<never, never>, error: unknown) => void;
/**
 * Records that the headers of the response were sent. In development, a first use of the session
 * after that prints a warning.
 */
export let markSent: (req: HttpRequest<never, never>) => void;
/** True if reading a request failed only because its client disconnected. */
export let isAborted: (req: HttpRequest<never, never>, error: unknown) => boolean;

/**
 * The HTTP request that a view gets. Each part is read at first use, so unused parts cost nothing.
 *
 * @example
 * ```ts
 * app.route("/items/:id", (req, res) => {
 *   res.json = { id: req.params.id, page: req.query.get("page") };
 * });
 * ```
 */
/* oxlint-disable no-unused-vars, typescript/no-unsafe-declaration-merging -- the constructor defines the properties of other sessions; both declarations need the same parameters */
export interface HttpRequest<
  Data extends object = SessionData,
  Params = Record<string, string>,
> extends OtherProperties {}
/* oxlint-enable no-unused-vars */

export class HttpRequest<Data extends object = SessionData, Params = Record<string, string>> {
  /**
   * h3's event, for all of h3's own functions: `getRequestIP(req.event)`, `proxy(req.event, …)`.
   */
  readonly event: H3Event;
  readonly #held: FetchSession<Data> | undefined;
  readonly #bodyLimit: number;
  #params: Params | undefined;
  #url: URL | undefined;
  #bodyIsLimited = false;
  #isSent = false;
  #isUsed = false;
  #seal: unknown;

  /** Called by the framework, for each request. */
  constructor(event: H3Event, core: Core, bodyLimit = core.bodyLimit) {
    this.event = event;
    this.#held = holdSessions<Data>(core, event.req);
    this.#bodyLimit = bodyLimit;
    if (!(this.#held instanceof FirstOfSeveral)) return;
    for (const other of this.#held.others) {
      defineOther(this, other.sessions.property, () => {
        if (this.#seal !== undefined) throw this.#seal;
        return other.session;
      });
    }
  }

  /** Returns the text for `console.log`, without the headers, because they contain the cookie. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `HttpRequest { ${this.method} ${this.url.pathname} }`;
  }

  /** The method in upper case, such as `POST`. */
  get method(): string {
    return this.event.req.method;
  }

  /**
   * The whole URL that the client requested. Scheme, host and port come from the headers of a proxy
   * if `SESSIONS.trustProxy` trusts that proxy. The client can send any host that `ALLOWED_HOSTS`
   * allows.
   */
  get url(): URL {
    const { url } = this.event;
    const origin = this.#origin();
    if (origin === undefined || origin === url.origin) return url;
    return (this.#url ??= new URL(url.pathname + url.search, origin));
  }

  /**
   * The origin that the client requested, such as `https://example.com`. Use it, for example, for
   * the callback address of OAuth.
   */
  get origin(): string {
    return this.#origin() ?? this.event.url.origin;
  }

  /**
   * The IP address of the client. It comes from the headers of a proxy if `SESSIONS.trustProxy`
   * trusts that proxy.
   */
  get ip(): string | undefined {
    const facts = factsOf(this.event.req);
    return this.#held === undefined
      ? facts.remoteAddress
      : this.#held.sessions.clientAddress(facts);
  }

  #origin(): string | undefined {
    return this.#held?.sessions.originOf(this.#held.facts);
  }

  get headers(): Headers {
    return this.event.req.headers;
  }

  /** The query parameters of the URL. Read one with `req.query.get("page")`. */
  get query(): URLSearchParams {
    return this.event.url.searchParams;
  }

  /**
   * The parameters in the path, such as `id` for the pattern `/items/:id`, percent-decoded. An
   * encoded slash (`%2F`) stays encoded, so that one parameter never becomes two.
   */
  get params(): Params {
    return (this.#params ??= getRouterParams(this.event, { decode: true }) as Params);
  }

  /**
   * The data of the session, as an object. Changes are saved when the response begins. Assigning an
   * object replaces the data; assigning `null` destroys the session.
   *
   * @throws SessionError `ERR_SESSION_DISABLED` if the app has no sessions
   */
  get session(): SessionOf<Data> {
    return this.#open().session;
  }

  set session(value: SessionOf<Data> | null) {
    this.#open().session = value;
  }

  /**
   * Parses the body as JSON (RFC 8259), whatever its Content-Type. A schema (Standard Schema: Zod,
   * Valibot, ArkType, …) validates and types it.
   *
   * @throws HTTPError 400 if the body is empty or malformed, or does not match the schema; 413 if
   *   the body is over the limit (setting `BODY_LIMIT`, bytes)
   * @example
   * ```ts
   * const { title } = await req.json(z.object({ title: z.string().min(1) }));
   * ```
   */
  json(): Promise<unknown>;
  json<Output>(schema: StandardSchema<Output>): Promise<Output>;
  json<Output>(schema?: StandardSchema<Output>): Promise<unknown> {
    return handled(this.#json(schema));
  }

  async #json<Output>(schema?: StandardSchema<Output>): Promise<unknown> {
    this.#limitBody();
    return parseJson(this.event, schema);
  }

  /**
   * Returns the body as text (UTF-8).
   *
   * @throws HTTPError 413 if the body is over the limit (setting `BODY_LIMIT`, bytes)
   */
  text(): Promise<string> {
    return handled(this.#text());
  }

  async #text(): Promise<string> {
    this.#limitBody();
    return this.event.req.text();
  }

  /**
   * Parses the body of a form: `application/x-www-form-urlencoded` or `multipart/form-data` (RFC
   * 7578).
   *
   * @throws HTTPError 400 if the body is not a form or is malformed; 413 if it is over the limit
   *   (setting `BODY_LIMIT`, bytes)
   */
  formData(): Promise<FormData> {
    return handled(this.#formData());
  }

  async #formData(): Promise<FormData> {
    return parseForm(await this.bytes(), this.headers.get("content-type") ?? "");
  }

  /**
   * Returns the body as bytes.
   *
   * @throws HTTPError 413 if the body is over the limit (setting `BODY_LIMIT`, bytes)
   */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return handled(this.#bytes());
  }

  async #bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#limitBody();
    return new Uint8Array(await this.event.req.arrayBuffer());
  }

  #open(): FetchSession<Data> {
    if (this.#seal !== undefined) throw this.#seal;
    if (this.#held === undefined) throw sessionsAreOff("req.session");
    if (this.#isSent && !this.#isUsed) this.#warnLate();
    this.#isUsed = true;
    return this.#held;
  }

  /** Warns the developer that the app first used the session after the response was sent. */
  #warnLate(): void {
    if (process.env["NODE_ENV"] === "production") return;
    warnOnce(
      `${this.method} ${this.url.pathname} first used req.session after its response had been ` +
        "sent, so the response lacks `Vary: Cookie` and a cache may give it to others. Read the " +
        "session before the view returns; a write after that throws ERR_SESSION_COMMITTED.",
    );
  }

  #limitBody(): void {
    if (this.#seal !== undefined) throw this.#seal;
    if (this.#bodyIsLimited) return;
    this.#bodyIsLimited = true;
    limitBody(this.event, this.#bodyLimit);
  }

  static {
    heldOf = (req) => req.#held;
    seal = (req, error) => {
      req.#seal = error;
    };
    markSent = (req) => {
      req.#isSent = true;
    };
    isAborted = (req, error) => isEndOfClient(error) && req.event.req.signal?.aborted === true;
  }
}

/** True if an error says only that the client disconnected. */
function isEndOfClient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return error.name === "AbortError" || code === "ECONNRESET" || isEndOfClient(error.cause);
}
