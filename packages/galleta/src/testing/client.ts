import { checkOptionNames } from "@galleta/session/internals";
import { coreOf, type App } from "../app.ts";
import { settingsError } from "../errors.ts";
import { CookieJar } from "./jar.ts";
import { LiveServer } from "./live-server.ts";
import { HandshakeRejected, TestSocket } from "./test-socket.ts";

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** The origin of the URLs that the client requests. Default `http://testserver`. */
  readonly baseUrl?: string;
  /** Headers to send with every request. */
  readonly headers?: HeadersInit;
}

/** Options of one request. Pass at most one of `json`, `form` and `body`. */
export interface RequestOptions {
  readonly headers?: HeadersInit;
  /** Parameters to add to the path's query. */
  readonly query?: Readonly<Record<string, string>>;
  /** A value to send as JSON. */
  readonly json?: unknown;
  /**
   * A form to send as `application/x-www-form-urlencoded`; a FormData is sent as
   * `multipart/form-data`.
   */
  readonly form?: Readonly<Record<string, string>> | URLSearchParams | FormData;
  /** A body to send unchanged. */
  readonly body?: BodyInit;
}

/** Options of {@link TestClient.websocket}. */
export interface WebSocketOptions {
  readonly headers?: HeadersInit;
  /** The subprotocols to offer, best first. */
  readonly protocols?: readonly string[];
}

/**
 * A client for tests: it keeps cookies as a browser does, and calls the app without opening a port.
 * The client sends neither `Origin` nor `Sec-Fetch-Site`, like a program that is not a browser; add
 * them in `headers` to imitate a browser. The first request starts the app.
 *
 * @throws SettingsError `ERR_GALLETA_SETTINGS` for an unknown option
 * @example
 * ```ts
 * await using client = createClient(app);
 * await client.post("/login", { json: { name: "Ada" } });
 * const response = await client.get("/me");
 * ```
 */
export function createClient<Data extends object>(
  app: App<Data>,
  options: ClientOptions = {},
): TestClient {
  return new TestClient(app as unknown as App, options);
}

/** The client that {@link createClient} returns. */
export class TestClient {
  /** The client's cookies, kept as a browser keeps them. */
  readonly cookies = new CookieJar();
  /** The origin of the URLs that the client requests, such as `http://testserver`. */
  readonly baseUrl: URL;
  readonly #app: App;
  readonly #headers: Headers;
  #started: Promise<void> | undefined;
  #server: Promise<LiveServer> | undefined;

  /** Called by {@link createClient}. */
  constructor(app: App, options: ClientOptions) {
    checkOptionNames(options, ["baseUrl", "headers"], "option of createClient", settingsError);
    this.baseUrl = new URL(options.baseUrl ?? "http://testserver");
    this.#app = app;
    this.#headers = new Headers(options.headers);
  }

  get(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("GET", path, options);
  }

  head(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("HEAD", path, options);
  }

  options(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("OPTIONS", path, options);
  }

  post(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("POST", path, options);
  }

  put(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("PUT", path, options);
  }

  patch(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("PATCH", path, options);
  }

  delete(path: string, options?: RequestOptions): Promise<Response> {
    return this.request("DELETE", path, options);
  }

  /** Sends a request with any method, and returns the response. Redirects are not followed. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    this.#started ??= this.#start();
    await this.#started;
    const url = new URL(path, this.baseUrl);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      url.searchParams.append(name, value);
    }
    const headers = this.#headersFor(url, options.headers);
    const body = bodyOf(options, headers);
    const init = body === undefined ? {} : { body, duplex: "half" as const };
    const response = await this.#app.fetch(new Request(url, { method, headers, ...init }));
    this.cookies.store(url, response.headers);
    return response;
  }

  /**
   * Opens a WebSocket and sends the cookies of this client. The first call starts a server on a
   * free port of this machine.
   *
   * @throws HandshakeRejected if the app answers with another status than 101
   */
  async websocket(path: string, options: WebSocketOptions = {}): Promise<TestSocket> {
    this.#server ??= LiveServer.start(this.#app);
    const { wsUrl } = await this.#server;
    const url = new URL(path, this.baseUrl);
    const headers = this.#headersFor(url, options.headers);
    headers.set("host", url.host);
    const target = wsUrl + url.pathname + url.search;
    try {
      const fields = Object.fromEntries(headers);
      const socket = await TestSocket.connect(target, options.protocols ?? [], fields);
      this.cookies.store(url, socket.headers);
      return socket;
    } catch (error) {
      if (error instanceof HandshakeRejected) this.cookies.store(url, error.headers);
      throw error;
    }
  }

  /** Closes the open sockets of this client and stops the app. */
  async close(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    await server?.close();
    const started = this.#started;
    this.#server = this.#started = undefined;
    const isStarted = await started?.then(
      () => true,
      () => false,
    );
    if (isStarted) await coreOf(this.#app).lifecycle.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    const core = coreOf(this.#app);
    core.assertConfigured();
    await core.lifecycle.start();
  }

  #headersFor(url: URL, extra: HeadersInit | undefined): Headers {
    const headers = new Headers(this.#headers);
    for (const [name, value] of new Headers(extra)) headers.set(name, value);
    const cookie = this.cookies.header(url);
    if (cookie !== undefined && !headers.has("cookie")) headers.set("cookie", cookie);
    return headers;
  }
}

function bodyOf({ json, form, body }: RequestOptions, headers: Headers): BodyInit | undefined {
  if ([json, form, body].filter((given) => given !== undefined).length > 1) {
    throw new TypeError("A request takes only one of json, form and body.");
  }
  if (json !== undefined) {
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return JSON.stringify(json);
  }
  if (form === undefined) return body;
  return form instanceof FormData ? form : new URLSearchParams(form as Record<string, string>);
}
