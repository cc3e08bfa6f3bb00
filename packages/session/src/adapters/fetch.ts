import { SessionError } from "../errors.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { allHeld, exposeSession, heldBy, hold } from "./kit/expose.ts";
import { FetchContext, type FetchSession } from "./kit/fetch-context.ts";
import { connectionOf, FetchFacts, type ConnectionFacts } from "./kit/fetch-facts.ts";
import { FetchSession as Held } from "./kit/fetch-session.ts";
import { lazySessions, secondSessionError, type LazySessions } from "./kit/given.ts";
import { asksForSocket, recallSession } from "./kit/handshake.ts";
import { guardBunServer } from "./kit/bun-sockets.ts";
import type { AttachedSocket } from "./kit/sockets/fetch-socket.ts";
import { logWarning } from "./kit/log-warning.ts";

export type { FetchSession } from "./kit/fetch-context.ts";
export { guardWebSocket } from "./kit/bun-sockets.ts";

/** Settings for {@link withSession}, in addition to the session options. */
export interface FetchSettings<Beside extends unknown[] = unknown[]> {
  /**
   * Makes a response for an error that the handler threw; the session's cookie is added to it.
   * Without this function the runtime handles the error, and its response has no cookie.
   */
  readonly onError?: (error: unknown, request: Request) => Response | Promise<Response>;
  /**
   * Returns the client's address, and whether its connection uses TLS. Default: the address that
   * Bun and Deno pass to a handler (none on other runtimes), and TLS if the URL is https.
   */
  readonly connection?: (request: Request, ...beside: Beside) => ConnectionFacts;
}

/**
 * A request handler with a session. It may return `undefined` if the runtime answers by itself, as
 * Bun does after `server.upgrade(request)`.
 */
export type SessionHandler<Data, Beside extends unknown[], Answer = Response> = (
  request: Request,
  context: FetchSession<Data>,
  ...beside: Beside
) => Answer | Promise<Answer>;

/** The values that a handler may return. */
type Answered = Response | undefined | void;

/**
 * Sessions for hosts that pass a `Request` and take a `Response`: Bun.serve, Deno.serve, workers,
 * route handlers of Next.js and hooks of SvelteKit. Call this function once, and wrap each handler
 * with the function that it returns.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const withCookie = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * Deno.serve(withCookie((request, context) => Response.json(context.session)));
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>) {
  const sessions = lazySessions(given);
  // The runtime defines the types of its arguments, so they pass through as `any`.
  // oxlint-disable-next-line typescript/no-explicit-any
  return <Beside extends unknown[] = any[], Answer extends Answered = Response>(
    handler: SessionHandler<Data, Beside, Answer>,
    settings: FetchSettings<Beside> = {},
  ): ((request: Request, ...beside: Beside) => Promise<Response | Answer>) =>
    withSession(handler, sessions, settings);
}

/**
 * Wraps one handler that gets a `Request` and returns a `Response`. The handler also gets the
 * session.
 *
 * @param handler gets the request, `{ session }`, and the runtime's further arguments
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; the returned function rejects with
 *   `ERR_SESSION_SETUP` if the request already has a session with the same `property`
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
export function withSession<
  Data = SessionData,
  // oxlint-disable-next-line typescript/no-explicit-any -- as in `session`
  Beside extends unknown[] = any[],
  Answer extends Answered = Response,
>(
  handler: SessionHandler<Data, Beside, Answer>,
  given: LazySessions<Data>,
  settings: FetchSettings<Beside> = {},
): (request: Request, ...beside: Beside) => Promise<Response | Answer> {
  const lazy = lazySessions(given);
  return async (request, ...passed) => {
    const sessions = lazy();
    const { property } = sessions;
    if (heldBy(request, property) !== undefined)
      throw secondSessionError("The session of this request");
    // An outer `withSession` passes its context as the next argument.
    const [outer] = passed as unknown[];
    const isInner = outer instanceof FetchContext;
    const beside = (isInner ? passed.slice(1) : passed) as Beside;
    const connection = settings.connection ?? (() => connectionOf(request, beside[0]));
    const facts = new FetchFacts(lasting(request), () => connection(request, ...beside));
    const held = new Held(sessions, request, { facts });
    hold(request, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;
    try {
      const exposed = isInner ? outer : new FetchContext(facts);
      exposeSession(exposed, held);
      const args = asksForSocket(facts) ? await guardBunServer(held, beside, isInner) : beside;
      let answer = await handler(request, exposed as never, ...(args as Beside));
      // With nested sessions, the innermost call ties the sockets to all of them.
      const sockets = exposed.takeSockets();
      if (sockets !== undefined) answer = await tie(request, sockets, answer);
      return answer === undefined ? await release(held, answer) : await held.finish(answer);
    } catch (error) {
      const response = error instanceof Response ? error : await settings.onError?.(error, request);
      if (response === undefined && isInner) throw error;
      return recover(error, request, response);
    }
  };
}

/**
 * On Deno, copies the method, URL and headers of a handshake. They are needed later, but Deno
 * closes the request when the handler upgrades the connection.
 */
function lasting(request: Request): Request {
  if (!("Deno" in globalThis) || !request.headers.has("upgrade")) return request;
  const { method, url } = request;
  return { method, url, headers: new Headers(request.headers) } as Request;
}

/**
 * Returns the session of a Bun socket, or of a request that came through {@link withSession}.
 *
 * @param property the option `property` of the session, if it is not `session`
 * @throws SessionError `ERR_SESSION_SETUP` for any other object
 * @example
 * ```ts
 * await update(sessionOf(ws), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(ws: object, property = "session"): SessionOf<Data> {
  const held = heldBy(ws, property) as unknown as Held<Data> | undefined;
  return held?.session ?? recallSession<Data>(ws, "The session of this socket", property).session;
}

async function tie<Answer>(
  request: Request,
  sockets: AttachedSocket[],
  answer: Answer,
): Promise<Answer> {
  const { tieSockets } = await import("./kit/sockets/fetch-socket.ts");
  return tieSockets(allHeld(request) as never, sockets, answer);
}

/**
 * Adds the cookies of all sessions to the response to an error. Without a response, throws the
 * error, and warns if a cookie is lost.
 */
async function recover(error: unknown, request: Request, response?: Response): Promise<Response> {
  let sent = response;
  for (const each of allHeld(request) as unknown as Held[]) {
    if (sent !== undefined) sent = await each.finish(sent);
    else if ((await each.commit()).setCookie.length > 0) logWarningLoss();
  }
  if (sent === undefined) throw error;
  return sent;
}

/**
 * Saves the session of a request that the runtime answers by itself. Never rejects: after
 * `server.upgrade` Bun cannot send an error response, and a rejected handler would end the process.
 */
async function release<Data, Answer>(held: Held<Data>, answer: Answer): Promise<Answer> {
  try {
    await held.release();
  } catch (error) {
    logWarning(error);
  }
  return answer;
}

/**
 * Warns that a handler threw after it changed its session. The runtime answers with an error
 * response that carries no cookie.
 */
function logWarningLoss(): void {
  logWarning(
    new SessionError(
      "ERR_SESSION_RUNTIME",
      "A handler threw after it changed its session, so the cookie was lost. Pass `onError` to withSession to turn the error into a response, or catch the error and return a response.",
    ),
  );
}
