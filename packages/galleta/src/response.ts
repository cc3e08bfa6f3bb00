import { applyCommit, privateNoStore, type Commit } from "@galleta/session/adapter";
import { HTTPResponse, redirect } from "h3";
import { FastResponse } from "srvx";
import { GalletaError } from "./errors.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Statuses that end with their head (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);
/** What a view said about a body that is not sent after all. */
const BODY_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-range",
  "content-type",
  "etag",
  "expires",
  "last-modified",
  "location",
];

type Field = readonly [name: string, value: string];

/**
 * The headers that go with a kind of body: alone, with what is owed to a session that was read, and
 * to one whose cookie is set. Most responses send one of these as it is.
 */
interface Kind {
  readonly plain: readonly Field[];
  readonly read: readonly Field[];
  readonly written: readonly Field[];
}

function kindOf(...plain: Field[]): Kind {
  const read: Field[] = [...plain, ["vary", "Cookie"]];
  return { plain, read, written: [...read, ["cache-control", privateNoStore(undefined)]] };
}

const JSON_TYPE = kindOf(["content-type", "application/json"]);
const TEXT_TYPE = kindOf(["content-type", "text/plain; charset=utf-8"]);
const HTML_TYPE = kindOf(["content-type", "text/html; charset=utf-8"]);
const NO_BODY = kindOf(["content-length", "0"]);
const NONE = kindOf();

// What the framework does with a response, and an app must not. Set by the class below, since it
// alone sees its private fields.
/**
 * Takes what a view, a middleware or an error handler returned: a Response is sent instead of what
 * was set. Throws where anything else was returned, which would be lost.
 */
export let accept: (res: HttpResponse, returned: unknown) => void;
/** Forgets what a view set that failed, but for headers that do not speak of its body. */
export let clear: (res: HttpResponse) => void;
/** The response as the server sends it, with what it owes to the session. */
export let render: (res: HttpResponse, commit: Commit | undefined) => Response;

/**
 * The response to one request. A view sets it; the last body that was set counts. A view that sets
 * nothing answers 200 without a body.
 *
 * @example
 * ```ts
 * app.route("/items", { methods: ["POST"] }, async (req, res) => {
 *   res.status = 201;
 *   res.headers.set("location", "/items/7");
 *   res.json = { id: 7 };
 * });
 * ```
 */
export class HttpResponse {
  /** The status, 200 to 599 (RFC 9110 §15). */
  status = 200;
  #headers: Headers | undefined;
  #body: BodyInit | null = null;
  #type = NO_BODY;
  #adopted: Response | HTTPResponse | undefined;
  /** What was set last: the value of an arrow function that is one assignment. */
  #given: unknown;
  readonly #publicPath: string;

  /** Made by the framework. */
  constructor(publicPath = "") {
    this.#publicPath = publicPath;
  }

  /** The headers. A Content-Type set here goes before the one that `json`, `text` or `html` give. */
  get headers(): Headers {
    return (this.#headers ??= new Headers());
  }

  /**
   * Sends a value as JSON (RFC 8259), as it is now: what changes in it later is not sent.
   *
   * Throws TypeError when it is not JSON: a function, `undefined`, a cycle, a BigInt.
   */
  set json(value: unknown) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`res.json cannot be ${typeof value}.`);
    this.#set(text, JSON_TYPE);
    this.#given = value;
  }

  /** Sends plain text. */
  set text(value: string) {
    this.#set(value, TEXT_TYPE);
  }

  /** Sends HTML, as it is: nothing is escaped. */
  set html(value: string) {
    this.#set(value, HTML_TYPE);
  }

  /** Sends bytes, a Blob, a form or a stream; `null` sends none. The Content-Type is up to you. */
  set body(value: BodyInit | null) {
    this.#set(value, value === null ? NO_BODY : NONE);
  }

  /**
   * Sends the client elsewhere (RFC 9110 §15.4). 302 and 303 lead to a GET; 307 and 308 repeat the
   * request as it was; 301 and 308 are for ever. Never pass on an address that a client gave you
   * without checking it. A path of the app (`/login`) gets `SESSIONS.publicPath` before it.
   *
   * Throws RangeError when `status` is no redirect.
   *
   * @example
   * ```ts
   * res.redirect("/login", 303);
   * ```
   */
  redirect(location: string, status = 302): void {
    if (!REDIRECTS.has(status)) {
      throw new RangeError("A redirect has the status 301, 302, 303, 307 or 308.");
    }
    // A header carries ASCII. This also keeps a line break in the address from ending the header.
    const address = this.#publicOf(location.replace(/[^\x21-\x7e]+/g, encodeURIComponent));
    this.status = status;
    this.headers.set("location", address);
    this.html = String(redirect(address, status).body);
  }

  /** A path of the app, as a client reaches it through a proxy that cuts `publicPath` off. */
  #publicOf(address: string): string {
    return this.#publicPath !== "" && /^\/(?![/\\])/.test(address)
      ? this.#publicPath + address
      : address;
  }

  #set(body: BodyInit | null, type: Kind): void {
    this.#given = this.#body = body;
    this.#type = type;
    this.#adopted = undefined;
  }

  #accept(returned: unknown): void {
    if (isResponse(returned)) return this.#adopt(returned);
    const isSet = returned === this || returned === this.status || returned === this.#given;
    if (returned === undefined || isSet) return;
    const what = returned === null ? "null" : `a value of the type ${typeof returned}`;
    throw new GalletaError(
      "ERR_GALLETA_VIEW",
      `A view, middleware or error handler returned ${what}, which cannot be sent. Set res.json, ` +
        "res.text, res.html or res.body, or return a Response.",
    );
  }

  #adopt(returned: Response | HTTPResponse): void {
    this.#set(returned.body ?? null, NONE);
    this.status = returned.status ?? this.status;
    this.#adopted = returned;
  }

  #clear(): void {
    this.status = 200;
    this.#set(null, NO_BODY);
    if (this.#headers) for (const name of BODY_HEADERS) this.#headers.delete(name);
  }

  #render(commit: Commit | undefined): Response {
    const { status } = this;
    const isPlain = this.#headers === undefined && !commit?.accessed;
    const adopted = this.#adopted;
    if (isPlain && adopted instanceof Response && adopted.status === status) return adopted;
    const isEmpty = EMPTY.has(status);
    const body = isEmpty ? null : this.#body;
    const type = isEmpty ? NONE : this.#type;
    if (adopted === undefined && this.#headers === undefined) {
      const fields = commit?.accessed ? withSession(type, commit) : type.plain;
      return new FastResponse(body, { status, headers: fields as [string, string][] });
    }
    const headers = new Headers(adopted?.headers);
    for (const [name, value] of this.#headers ?? NONE.plain) {
      if (name === "set-cookie") headers.append(name, value);
      else headers.set(name, value);
    }
    for (const [name, value] of type.plain) if (!headers.has(name)) headers.set(name, value);
    if (commit) applyCommit(commit, headers);
    return new FastResponse(body, { status, headers });
  }

  static {
    accept = (res, returned) => res.#accept(returned);
    clear = (res) => res.#clear();
    render = (res, commit) => res.#render(commit);
  }
}

/** Whether it can be sent: a Response, also of another library, or h3's own kind. */
function isResponse(value: unknown): value is Response | HTTPResponse {
  if (value === undefined || value === null) return false;
  return value instanceof Response || value instanceof HTTPResponse || isForeignResponse(value);
}

function isForeignResponse(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Response]";
}

/** What `applyCommit` does, where the app set no headers. */
function withSession(type: Kind, { setCookie, clearSiteData, headers }: Commit): readonly Field[] {
  const owesVaryAlone = setCookie.length === 0 && clearSiteData === undefined;
  if (owesVaryAlone && headers === undefined) return type.read;
  const fields = [...(setCookie.length === 0 ? type.read : type.written)];
  if (clearSiteData !== undefined) fields.push(["clear-site-data", clearSiteData]);
  for (const name in headers) fields.push([name, headers[name]!]);
  for (const cookie of setCookie) fields.push(["set-cookie", cookie]);
  return fields;
}
