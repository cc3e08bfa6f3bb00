import { createCrossSiteCheck, type CrossSiteCheck } from "./csrf/check.ts";
import { CSRF_HEADER, findFormToken } from "./csrf/form.ts";
import { CROSS_SITE_OPTION_NAMES, type CrossSiteOptions } from "./csrf/options.ts";
import { REFUSALS, type Refusal } from "./csrf/refusal.ts";
import { verifyToken } from "./csrf/session-token.ts";
import { SessionContext } from "./session/context.ts";
import type { SessionData } from "./session/data.ts";
import { Ledger } from "./session/ledger.ts";
import type { Shared } from "./session/loaded.ts";
import { COOKIE_OPTION_NAMES, type CookieSessionOptions } from "./session/options.ts";
import type { RequestFacts } from "./session/request.ts";
import { checkOptionNames, readSettings } from "./session/settings.ts";
import { TokenCache } from "./token/cache.ts";

/** The options of sessions. Unknown ones are refused at set-up. */
export interface SessionOptions extends CookieSessionOptions, CrossSiteOptions {}

const OPTION_NAMES = [
  ...COOKIE_OPTION_NAMES,
  ...CROSS_SITE_OPTION_NAMES,
] as const satisfies readonly (keyof SessionOptions)[];

/** Gives the body of a request, for the token in its form. */
export type BodyReader = () => Promise<Uint8Array | undefined>;

/**
 * Sessions with one set of options: what an adapter holds on to. It knows no framework: it is
 * given a `Cookie` header and facts of the request, and answers with headers to set.
 */
export class Sessions<Data = SessionData> {
  /** The cookie's name. */
  readonly cookieName: string;
  /** Whether {@link SessionContext.load} may have to wait for a store. */
  readonly loads: boolean = false;
  readonly #shared: Shared;
  readonly #crossSite: CrossSiteCheck;

  constructor(options: SessionOptions) {
    checkOptionNames(options, OPTION_NAMES);
    const settings = readSettings(options);
    this.cookieName = settings.cookieName;
    this.#shared = {
      settings,
      cache: new TokenCache(),
      ledger: new Ledger(),
      revocable: false,
    };
    this.#crossSite = createCrossSiteCheck(options);
  }

  /**
   * Opens the session of a request. Nothing is read before its first use.
   *
   * @param cookieHeader the `Cookie` header, several joined with `"; "`
   * @param request tells, with `httpsOnly: "auto"`, whether the request came over TLS
   */
  open(cookieHeader: string | null | undefined, request?: RequestFacts): SessionContext<Data> {
    return new SessionContext<Data>(
      this.#shared,
      cookieHeader ?? "",
      request === undefined ? never : () => this.#crossSite.isSecure(request),
    );
  }

  /**
   * Checks that an HTTP request does not come from another site.
   *
   * @returns why it must be refused; `"needs-token"`, with `csrf: "strict"`, asks for
   * {@link Sessions.checkToken}; `undefined` lets it pass
   */
  check(request: RequestFacts): Refusal | "needs-token" | undefined {
    const outcome = this.#crossSite.http(request);
    if (typeof outcome === "object") this.#tell(outcome);
    return outcome;
  }

  /**
   * With `csrf: "strict"`: whether a request that {@link Sessions.check} wants a token from has a
   * valid one, in the header `x-csrf-token` or the form field `csrf_token`. One that carries no
   * session needs none.
   *
   * @param readBody gives the body, and leaves it for the view; asked only for a form
   */
  async checkToken(
    request: RequestFacts,
    context: SessionContext<Data>,
    readBody: BodyReader,
  ): Promise<Refusal | undefined> {
    if (context.state.loaded.isNew) return undefined;
    const token = request.header(CSRF_HEADER) ?? (await readToken(request, readBody));
    if (token !== undefined && verifyToken(context.session, token)) return undefined;
    const refusal = REFUSALS[token === undefined ? "token-missing" : "token-invalid"];
    this.#tell(refusal);
    return refusal;
  }

  /** Checks the Origin of a WebSocket handshake, before its session is opened. */
  checkHandshake(request: RequestFacts): Refusal | undefined {
    const refusal = this.#crossSite.handshake(request);
    if (refusal !== undefined) this.#tell(refusal);
    return refusal;
  }

  /** Whether the client's own connection is TLS, as far as `trustProxy` lets a proxy say. */
  isSecure(request: RequestFacts): boolean {
    return this.#crossSite.isSecure(request);
  }

  #tell(refusal: Refusal): void {
    this.#shared.settings.events.emit("csrf", undefined, { reason: refusal.rule });
  }
}

const never = () => false;
const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)/i;

async function readToken(request: RequestFacts, readBody: BodyReader): Promise<string | undefined> {
  const type = request.header("content-type");
  if (type === undefined || !FORM.test(type)) return undefined;
  const body = await readBody();
  return body === undefined ? undefined : findFormToken(type, body);
}

/**
 * Sets sessions up, once for an app.
 *
 * @throws SessionError `ERR_SESSION_OPTION` when an option is unknown or wrong, `ERR_SESSION_KEY`
 * when the key is missing or too weak for production
 * @example
 * ```ts
 * const sessions = createSessions({ secretKey: process.env.SECRET_KEY ?? "" });
 * const context = sessions.open(request.headers.get("cookie"));
 * context.session.views = 1;
 * applyCommit(await context.commit(), response.headers);
 * ```
 */
export function createSessions<Data = SessionData>(options: SessionOptions): Sessions<Data> {
  return new Sessions<Data>(options);
}
