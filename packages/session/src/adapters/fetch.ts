import type { Sessions } from "../engine.ts";
import { SessionError } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { heldBy, hold } from "./shared/expose.ts";
import { connectionOf, FetchFacts, type ConnectionFacts } from "./shared/fetch-facts.ts";
import { beginFetch, peekFetchBody, withCommit, type FetchCall } from "./shared/fetch.ts";
import { refuseSecond, toSessions, type SessionsOrOptions } from "./shared/sessions.ts";

/** What a handler is given beside the request. */
export interface FetchSession<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
}

/** What {@link withSession} may be told beside the options of sessions. */
export interface FetchSettings<Beside extends unknown[] = unknown[]> {
  /**
   * Turns what a handler threw into a response, which then carries the session's cookie. Without
   * it the error goes to the runtime, whose own answer carries none.
   */
  readonly onError?: (error: unknown, request: Request) => Response | Promise<Response>;
  /** The client's connection. Default: what Bun and Deno tell, and else nothing but the URL. */
  readonly connection?: (request: Request, ...beside: Beside) => ConnectionFacts;
}

/** A handler of requests that is given a session beside them. */
export type SessionHandler<Data, Beside extends unknown[]> = (
  request: Request,
  context: FetchSession<Data>,
  ...beside: Beside
) => Response | Promise<Response>;

/**
 * Sessions for whatever takes a `Request` and gives a `Response`: Bun.serve, Deno.serve, workers,
 * route handlers of Next.js, hooks of SvelteKit. Sets up once, and then wraps handlers.
 *
 * @param given options, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const withCookie = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * Deno.serve(withCookie((request, context) => Response.json(context.session)));
 * ```
 */
export function session<Data = SessionData>(given: SessionsOrOptions<Data>) {
  const sessions = toSessions(given);
  return <Beside extends unknown[] = unknown[]>(
    handler: SessionHandler<Data, Beside>,
    settings: FetchSettings<Beside> = {},
  ): ((request: Request, ...beside: Beside) => Promise<Response>) =>
    withSession(handler, sessions, settings);
}

/**
 * As {@link session}, for one handler.
 *
 * @param handler is given the request, `{ session }`, and what the runtime passes beside them
 * @param given options, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request rejects with
 * `ERR_SESSION_SETUP` where it went through another `withSession` before
 * @example
 * ```ts
 * export default {
 *   fetch: withSession((request, context) => {
 *     context.session.views = (context.session.views ?? 0) + 1;
 *     return new Response("hello");
 *   }, { secretKey: process.env.SECRET_KEY ?? "" }),
 * };
 * ```
 */
export function withSession<Data = SessionData, Beside extends unknown[] = unknown[]>(
  handler: SessionHandler<Data, Beside>,
  given: SessionsOrOptions<Data>,
  settings: FetchSettings<Beside> = {},
): (request: Request, ...beside: Beside) => Promise<Response> {
  const sessions = toSessions(given);
  return async (request, ...beside) => {
    const call = open(sessions, request, beside, settings);
    const { context } = call;
    const reply = await beginFetch(call);
    if (reply !== undefined) return reply;
    try {
      const response = await handler(request, new Exposed(context), ...beside);
      return withCommit(response, await context.commit());
    } catch (error) {
      return recover(error, context, request, settings.onError);
    }
  };
}

function open<Data, Beside extends unknown[]>(
  sessions: Sessions<Data>,
  request: Request,
  beside: Beside,
  settings: FetchSettings<Beside>,
): FetchCall<Data> {
  if (heldBy(request) !== undefined) throw refuseSecond("The session of this request");
  const connection = settings.connection ?? (() => connectionOf(request, beside[0]));
  const facts = new FetchFacts(request, () => connection(request, ...beside));
  const cookieHeader = request.headers.get("cookie");
  const context = sessions.open(cookieHeader, facts);
  hold(request, context);
  return { sessions, context, facts, cookieHeader, readBody: () => peekFetchBody(request) };
}

class Exposed<Data> implements FetchSession<Data> {
  readonly #context: SessionContext<Data>;

  constructor(context: SessionContext<Data>) {
    this.#context = context;
  }

  get session(): SessionOf<Data> {
    return this.#context.session;
  }

  set session(value: SessionOf<Data> | null) {
    this.#context.session = value;
  }
}

/** A response that was thrown is one; an error becomes one where the app says how. */
async function recover<Data>(
  error: unknown,
  context: SessionContext<Data>,
  request: Request,
  onError: FetchSettings["onError"],
): Promise<Response> {
  const response = error instanceof Response ? error : await onError?.(error, request);
  const commit = await context.commit();
  if (response !== undefined) return withCommit(response, commit);
  if (commit.setCookie.length > 0) warnOfLoss();
  throw error;
}

/** Whoever threw past us answers without the cookie. */
function warnOfLoss(): void {
  const lost = new SessionError(
    "ERR_SESSION_RUNTIME",
    "A handler threw after it changed its session, so the cookie was lost. Give withSession an onError that makes a response of the error, or return one.",
  );
  // oxlint-disable-next-line no-console -- there is no response left that could tell
  console.warn(`[galleta] ${lost.code}: ${lost.message}`);
}
