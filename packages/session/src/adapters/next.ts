import { CSRF_FIELD, CSRF_HEADER } from "../csrf/form.ts";
import type { Sessions } from "../engine.ts";
import { SessionError } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import type { RequestFacts } from "../session/request.ts";
import { begin } from "./kit/begin.ts";
import { assertApart, assertApartInProcess, type Member } from "./kit/beside.ts";
import { peekFetchBody } from "./kit/fetch-body.ts";
import { toResponse, withCommit } from "./kit/fetch-response.ts";
import { checkedSessions, type LazySessions } from "./kit/given.ts";
import { HeaderFacts } from "./kit/header-facts.ts";
import { openJar, throwReadOnly, SET_BY_PROXY, type Jar } from "./kit/next-jar.ts";
import type { DeniedReply } from "./kit/reply.ts";

/** The read-only session that pages get. */
export type ReadonlySession<Data = SessionData> = Readonly<SessionOf<Data>>;

/**
 * A handler for `proxy.ts`. It returns nothing to let the request continue, or a response such as
 * `NextResponse.redirect()`.
 */
export type ProxyHandler<Data, Req extends Request = Request> = (
  request: Req,
  session: SessionOf<Data>,
) => Response | void | Promise<Response | void>;

/** The functions that {@link nextSession} returns. */
export interface NextSession<Data = SessionData> {
  /**
   * Returns this request's session for a Server Component, which can only read it.
   *
   * @throws SessionError `ERR_SESSION_RUNTIME` is thrown later, if the component writes to the
   *   session
   */
  getSession(): Promise<ReadonlySession<Data>>;
  /**
   * Wraps a Server Action or a route handler, and passes the session before the other arguments.
   * Changes to the session are saved even if the function throws `redirect()` or an error. Nest the
   * wrappers of several sessions: `withSession(withPrefs(async (prefs, session, form) => {}))`.
   *
   * @throws SessionError `ERR_SESSION_CSRF` if another site called the Server Action;
   *   `ERR_SESSION_RUNTIME` if the function changes the session while a page renders;
   *   `ERR_SESSION_OPTION` if other sessions of the process have the same cookie
   */
  withSession<Args extends unknown[], Result>(
    handler: (session: SessionOf<Data>, ...args: Args) => Result,
  ): (...args: Args) => Promise<Awaited<Result>>;
  /**
   * The function to export from `proxy.ts`. It denies cross-site requests to every route, and
   * prolongs sessions that pages only read. Pass it a handler to get a proxy that also runs the
   * handler; the page of the same request then sees the handler's changes.
   */
  proxy: {
    <Req extends Request>(handler: ProxyHandler<Data, Req>): (request: Req) => Promise<Response>;
    (request: Request): Promise<Response>;
  };
}

/**
 * Sessions for the App Router of Next.js: pages, Server Actions, route handlers and `proxy.ts`.
 *
 * @param given options, shared sessions, or a function that returns them at the first request, so
 *   that `next build` needs no key
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * // lib/session.ts
 * export const { getSession, withSession, proxy } = nextSession(() => ({
 *   secretKey: process.env.SECRET_KEY ?? "",
 * }));
 * ```
 */
export function nextSession<Data = SessionData>(given: LazySessions<Data>): NextSession<Data> {
  const sessions = checkedSessions(given, assertApartInProcess);
  const makeProxy = (handler?: ProxyHandler<Data, never>) => (request: Request) =>
    serveProxy(sessions(), request, handler as ProxyHandler<Data> | undefined);
  const plainProxy = makeProxy();

  return {
    async getSession() {
      // Must come first: `next build` stops rendering the page here, so the build needs no key.
      const jar = await openJar();
      const context = sessions().open(jar.header);
      await context.load();
      context.close(throwReadOnly);
      return context.session;
    },
    withSession:
      (handler) =>
      async (...args) => {
        const call = callOf(args) ?? (await openCall(args));
        join(call, sessions());
        const { jar, facts, route } = call;
        const context = sessions().open(jar.header, facts);
        const readBody = async () => route && peekFetchBody(route);
        const denied = await begin({
          sessions: sessions(),
          request: call,
          facts,
          context,
          readBody,
        });
        if (denied !== undefined) {
          if (route !== undefined) return toResponse(denied) as never;
          throw crossSite(denied as DeniedReply);
        }
        calls.set(context.session, call);
        return (await run(() => handler(context.session, ...args), context, call)) as never;
      },
    proxy: ((given: Request | ProxyHandler<Data, never>) =>
      typeof given === "function" ? makeProxy(given) : plainProxy(given)) as never,
  };
}

/** The state that nested calls of `withSession` share in one Server Action or route handler. */
interface Call {
  readonly jar: Jar;
  readonly facts: RequestFacts;
  /** The request of a route handler; `undefined` in a Server Action. */
  readonly route: Request | undefined;
  readonly all: Member[];
}

/**
 * The state that nested calls of `withSession` share, found by a session that was passed to a
 * handler.
 */
const calls = new WeakMap<object, Call>();

/**
 * Returns the state of the enclosing `withSession`, which passed its session as the first argument;
 * `undefined` if there is no enclosing `withSession`.
 */
function callOf([first]: readonly unknown[]): Call | undefined {
  return typeof first === "object" && first !== null ? calls.get(first) : undefined;
}

async function openCall(args: readonly unknown[]): Promise<Call> {
  const jar = await openJar();
  const [first] = args;
  const route = first instanceof Request ? first : undefined;
  const facts = route === undefined ? new ActionFacts(jar.headers, args) : routeFacts(route);
  return { jar, facts, route, all: [] };
}

function join<Data>({ all }: Call, sessions: Sessions<Data>): void {
  for (const other of all) assertApart({ sessions }, other);
  all.push({ sessions });
}

async function run<Data>(
  handler: () => unknown,
  context: SessionContext<Data>,
  { jar, route }: Call,
): Promise<unknown> {
  try {
    const result = await handler();
    const commit = await context.commit();
    if (result instanceof Response) return withCommit(result, commit);
    jar.set(commit);
    return result;
  } catch (error) {
    const commit = await context.commit();
    // Next.js adds the cookies of its jar to a redirect, but not to other responses of a route.
    if (route !== undefined && commit.setCookie.length > 0) {
      const answer = answerTo(error);
      if (answer !== undefined) return withCommit(answer, commit);
    }
    jar.set(commit);
    throw error;
  }
}

/**
 * Returns the response that Next.js would send for an error in a route handler; `undefined` for a
 * redirect.
 */
function answerTo(error: unknown): Response | undefined {
  const digest = String((error as { digest?: unknown } | null)?.digest);
  if (digest.startsWith("NEXT_REDIRECT")) return undefined;
  const [, status] = /^NEXT_HTTP_ERROR_FALLBACK;(\d{3})/.exec(digest) ?? [];
  if (status !== undefined) return new Response(null, { status: Number(status) });
  // oxlint-disable-next-line no-console -- Next.js prints errors of route handlers the same way
  console.error(error);
  return new Response("Internal Server Error", { status: 500 });
}

async function serveProxy<Data>(
  sessions: Sessions<Data>,
  request: Request,
  handler: ProxyHandler<Data> | undefined,
): Promise<Response> {
  const facts = routeFacts(request);
  const cookieHeader = request.headers.get("cookie");
  const context = sessions.open(cookieHeader, facts);
  const readBody = () => peekFetchBody(request);
  const reply = await begin({ sessions, request, facts, context, readBody });
  if (reply !== undefined) return toResponse(reply);
  // The proxy prolongs sessions that are only read, because pages cannot set cookies.
  if (handler === undefined && cookieHeader?.includes(sessions.cookieName)) void context.session;
  const answer = await handler?.(request, context.session);
  const response = answer ?? new Response(null, { headers: { "x-middleware-next": "1" } });
  const commit = await context.commit();
  if (commit.setCookie.length === 0) return response;
  const sent = withCommit(response, commit);
  // Works like `NextResponse.cookies.set`, so that the page sees the new session.
  const before = sent.headers.get(SET_BY_PROXY);
  const all = before === null ? commit.setCookie : [before, ...commit.setCookie];
  sent.headers.set(SET_BY_PROXY, all.join(","));
  return sent;
}

function routeFacts(request: Request): HeaderFacts {
  const { pathname, search } = new URL(request.url);
  return new HeaderFacts(request.headers, { method: request.method, target: pathname + search });
}

/**
 * Describes a Server Action by the headers of its request, because Next.js does not pass the method
 * and URL.
 */
class ActionFacts extends HeaderFacts implements RequestFacts {
  readonly #args: readonly unknown[];

  constructor(headers: Pick<Headers, "get">, args: readonly unknown[]) {
    // Only a POST has one of these headers. A form sent without JavaScript has no `next-action`,
    // and in old browsers no `Origin`. An action that a page calls while it renders has none of
    // them; there a write fails with ERR_SESSION_RUNTIME.
    const isPost = ["origin", "next-action", "content-type"].some(
      (name) => headers.get(name) !== null,
    );
    super(headers, { method: isPost ? "POST" : "GET", target: "/" });
    this.#args = args;
  }

  override header(name: string): string | undefined {
    const value = super.header(name);
    if (name !== CSRF_HEADER || value !== undefined) return value;
    const form = this.#args.find((each) => each instanceof FormData);
    const token = form?.get(CSRF_FIELD);
    return typeof token === "string" ? token : undefined;
  }
}

function crossSite({ denial }: DeniedReply): SessionError {
  const { code, message, status, rule } = denial;
  return new SessionError(code, message, { status, rule });
}
