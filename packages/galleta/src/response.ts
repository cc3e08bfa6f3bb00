import { applyCommit, privateNoStore, type Commit } from "@galleta/session/adapter";
import { HTTPResponse, redirect, type H3Event } from "h3";
import { FastResponse } from "srvx";
import { GalletaError } from "./errors.ts";
import { textResponse } from "./seams.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Statuses without a body (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);
/** Headers that describe a body. They are removed together with the body if the view fails. */
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
 * Three lists of headers for one type of body, such as JSON: for a response that did not use the
 * session, for one that read it, and for one that sets its cookie. Most responses send one of the
 * lists unchanged.
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

// The framework's operations on a response, hidden from apps. The class below sets them, because
// they use its private fields.
/**
 * Takes the return value of a view, a middleware or an error handler. A Response is sent instead of
 * the values set on `res`. Throws for a value that would not be sent, except `undefined`.
 */
export let accept: (res: HttpResponse, returned: unknown) => void;
/**
 * Resets the status and the body of a response after its view failed. Headers that describe the
 * body are removed; all others stay.
 */
export let clear: (res: HttpResponse) => void;
/** Makes the response that the server sends, with the session's headers. */
export let render: (res: HttpResponse, commit: Commit | undefined, event: H3Event) => Response;

/**
 * The response to one request. A view assigns its parts; the body that was assigned last is sent.
 * If a view assigns nothing, the answer is 200 without a body.
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
  /**
   * The value that was last assigned to `json`, `text`, `html` or `body`. A view such as `(req,
   * res) => (res.text = "hi")` also returns this value, which is allowed.
   */
  #given: unknown;
  readonly #publicPath: string;

  /** Called by the framework, for each request. */
  constructor(publicPath = "") {
    this.#publicPath = publicPath;
  }

  /**
   * The headers of the response. A Content-Type set here overrides the one of `json`, `text` or
   * `html`.
   */
  get headers(): Headers {
    return (this.#headers ??= new Headers());
  }

  /**
   * Sends a value as JSON (RFC 8259). The value is serialized immediately, so later changes to it
   * are not sent.
   *
   * Throws TypeError if the value cannot be JSON: a function, `undefined`, a cycle, a BigInt.
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

  /** Sends HTML unchanged: nothing is escaped. */
  set html(value: string) {
    this.#set(value, HTML_TYPE);
  }

  /**
   * Sends bytes, a Blob, a form or a stream; `null` sends no body. Set the Content-Type yourself.
   */
  set body(value: BodyInit | null) {
    this.#set(value, value === null ? NO_BODY : NONE);
  }

  /**
   * Redirects the client (RFC 9110 §15.4).
   *
   * 302 and 303 lead to a GET; 307 and 308 repeat the request; 301 and 308 are permanent. Never
   * redirect to an address from a client without checking it. A path of the app (`/login`) gets the
   * prefix `SESSIONS.publicPath`.
   *
   * Throws RangeError if `status` is not a redirect.
   *
   * @example
   * ```ts
   * res.redirect("/login", 303);
   * ```
   */
  redirect(location: string, status = 302): void {
    if (!REDIRECTS.has(status)) {
      throw new RangeError("A redirect needs the status 301, 302, 303, 307 or 308.");
    }
    // A header may contain only ASCII. This also prevents a line break in the address from ending
    // the header.
    const address = this.#publicOf(location.replace(/[^\x21-\x7e]+/g, encodeURIComponent));
    this.status = status;
    this.headers.set("location", address);
    this.html = String(redirect(address, status).body);
  }

  /**
   * Adds the prefix `publicPath` to a path of the app. A proxy removes this prefix from requests.
   */
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

  #render(commit: Commit | undefined, event: H3Event): Response {
    const { status } = this;
    const isPlain = this.#headers === undefined && !commit?.accessed;
    const adopted = this.#adopted;
    if (isPlain && adopted instanceof Response && adopted.status === status) return adopted;
    const isEmpty = EMPTY.has(status);
    const body = isEmpty ? null : this.#body;
    const type = isEmpty ? NONE : this.#type;
    if (adopted === undefined && this.#headers === undefined) {
      const fields = commit?.accessed ? withSession(type, commit) : type.plain;
      const init = { status, headers: fields as [string, string][] };
      return typeof body === "string" && body !== ""
        ? textResponse(body, init, event)
        : new FastResponse(body, init);
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
    render = (res, commit, event) => res.#render(commit, event);
  }
}

/**
 * True if a value is a response that can be sent: a Response, also that of another library, or the
 * one of h3.
 */
function isResponse(value: unknown): value is Response | HTTPResponse {
  if (value === undefined || value === null) return false;
  return value instanceof Response || value instanceof HTTPResponse || isForeignResponse(value);
}

function isForeignResponse(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Response]";
}

/**
 * Returns all headers of a response that used the session: those of its type of body and those of
 * the session. Called only if the app set no headers.
 */
function withSession(type: Kind, { setCookie, clearSiteData, headers }: Commit): readonly Field[] {
  const needsOnlyVary = setCookie.length === 0 && clearSiteData === undefined;
  if (needsOnlyVary && headers === undefined) return type.read;
  const fields = [...(setCookie.length === 0 ? type.read : type.written)];
  if (clearSiteData !== undefined) fields.push(["clear-site-data", clearSiteData]);
  for (const name in headers) fields.push([name, headers[name]!]);
  for (const cookie of setCookie) fields.push(["set-cookie", cookie]);
  return fields;
}
