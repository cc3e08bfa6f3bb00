import { SessionError } from "../errors.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { heldBy, hold } from "./kit/expose.ts";
import { connectionOf, FetchFacts, type ConnectionFacts } from "./kit/fetch-facts.ts";
import { FetchSession as Held } from "./kit/fetch-session.ts";
import { asksForSocket, recallSession } from "./kit/handshake.ts";
import type { BunServer } from "./kit/sockets/bun-server.ts";
import type * as BunSocketsModule from "./kit/sockets/fetch-socket.ts";
import type { EventSocket } from "./kit/sockets/fetch-socket.ts";
import { refuseEarly, refuseSecond, toSessions, type SessionsOrOptions } from "./kit/given.ts";

/** What a handler is given beside the request. */
export interface FetchSession<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
  /**
   * Ties a socket of Deno or workerd to the session. Call it in the handler, before the messages of
   * the socket are listened to.
   */
  attach(socket: EventSocket): void;
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

/**
 * A handler of requests that is given a session beside them. It may give `undefined` where the
 * runtime answers by itself, as Bun does after `server.upgrade(request)`.
 */
export type SessionHandler<Data, Beside extends unknown[], Answer = Response> = (
  request: Request,
  context: FetchSession<Data>,
  ...beside: Beside
) => Answer | Promise<Answer>;

/** What a handler may give. */
type Answered = Response | undefined | void;

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
  // What the runtime passes has its type from the runtime; unnamed it is used as it comes.
  // oxlint-disable-next-line typescript/no-explicit-any
  return <Beside extends unknown[] = any[], Answer extends Answered = Response>(
    handler: SessionHandler<Data, Beside, Answer>,
    settings: FetchSettings<Beside> = {},
  ): ((request: Request, ...beside: Beside) => Promise<Response | Answer>) =>
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
export function withSession<
  Data = SessionData,
  // oxlint-disable-next-line typescript/no-explicit-any -- as in `session`
  Beside extends unknown[] = any[],
  Answer extends Answered = Response,
>(
  handler: SessionHandler<Data, Beside, Answer>,
  given: SessionsOrOptions<Data>,
  settings: FetchSettings<Beside> = {},
): (request: Request, ...beside: Beside) => Promise<Response | Answer> {
  const sessions = toSessions(given);
  return async (request, ...beside) => {
    if (heldBy(request) !== undefined) throw refuseSecond("The session of this request");
    const connection = settings.connection ?? (() => connectionOf(request, beside[0]));
    const facts = new FetchFacts(lasting(request), () => connection(request, ...beside));
    const held = new Held(sessions, request, { facts });
    hold(request, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;
    try {
      const exposed = new Exposed(held);
      const args = asksForSocket(facts) ? ((await guarded(held, beside)) as Beside) : beside;
      const answer = await handler(request, exposed, ...args);
      if (exposed.sockets !== undefined) await tie(held, exposed.sockets);
      return answer === undefined ? await release(held, answer) : await held.finish(answer);
    } catch (error) {
      return recover(error, held, request, settings.onError);
    }
  };
}

/** Deno closes a request when it is upgraded: what is asked of it later must be known before. */
function lasting(request: Request): Request {
  if (!("Deno" in globalThis) || !request.headers.has("upgrade")) return request;
  const { method, url } = request;
  return { method, url, headers: new Headers(request.headers) } as Request;
}

/** What the runtime passes beside a request for a socket. Bun's server answers it. */
async function guarded<Data>(held: Held<Data>, beside: unknown[]): Promise<unknown[]> {
  const [server, ...rest] = beside as [BunServer | undefined, ...unknown[]];
  // Deno cannot be kept from answering a handshake that the handler has upgraded.
  if ("Deno" in globalThis && held.sessions.loads) void held.context.state;
  if (!("Bun" in globalThis) || typeof server?.upgrade !== "function") return beside;
  // Apps without sockets do not load what serves them.
  bunSockets ??= await import("./kit/sockets/fetch-socket.ts");
  return [bunSockets.guardServer(held as never, server), ...rest];
}

async function tie<Data>(held: Held<Data>, sockets: EventSocket[]): Promise<void> {
  const { tieSockets } = await import("./kit/sockets/fetch-socket.ts");
  await tieSockets(held as never, sockets);
}

/** Loaded at the first handshake, and so before the first socket is open. */
let bunSockets: typeof BunSocketsModule | undefined;

/** The handlers of `Bun.serve({ websocket })`, as far as sockets are tied to sessions by them. */
interface BunHandlers {
  open?(ws: never): unknown;
  close?(ws: never, code: number, reason: string): unknown;
}

/**
 * Gives sessions to the sockets of `Bun.serve`: they follow the session of the request that was
 * given to `server.upgrade`, and end with it. {@link sessionOf} gives the session of a socket.
 *
 * @returns the handlers; a socket that was not upgraded in a handler of {@link withSession} is closed
 * with 1011, and a warning says `ERR_SESSION_SETUP`
 * @example
 * ```ts
 * const websocket = guardWebSocket({
 *   message: (ws: object) => console.log(sessionOf(ws).name),
 * });
 * ```
 */
export function guardWebSocket<Handlers extends object>(
  handlers: Handlers & BunHandlers,
): Handlers {
  return {
    ...handlers,
    open(ws: never) {
      if (bunSockets?.openBunSocket(ws) === true) return handlers.open?.(ws);
      // To throw here would end the process.
      warn(refuseEarly("The session of this socket"));
      return (ws as WebSocket).close(1011, "no session");
    },
    close(ws: never, code: number, reason: string) {
      bunSockets?.closeBunSocket(ws);
      return handlers.close?.(ws, code, reason);
    },
  };
}

/**
 * The session of a socket of Bun, or of a request that came through {@link withSession}.
 *
 * @throws SessionError `ERR_SESSION_SETUP` for any other
 * @example
 * ```ts
 * await update(sessionOf(ws), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(ws: object): SessionOf<Data> {
  const held = heldBy(ws) as unknown as Held<Data> | undefined;
  return held?.session ?? recallSession<Data>(ws, "The session of this socket").session;
}

class Exposed<Data> implements FetchSession<Data> {
  readonly #held: Held<Data>;
  /** The sockets that the handler attached. */
  sockets: EventSocket[] | undefined;

  constructor(held: Held<Data>) {
    this.#held = held;
  }

  attach(socket: EventSocket): void {
    (this.sockets ??= []).push(socket);
  }

  get session(): SessionOf<Data> {
    return this.#held.session;
  }

  set session(value: SessionOf<Data> | null) {
    this.#held.session = value;
  }
}

/** A response that was thrown is one; an error becomes one where the app says how. */
async function recover<Data>(
  error: unknown,
  held: Held<Data>,
  request: Request,
  onError: FetchSettings["onError"],
): Promise<Response> {
  const response = error instanceof Response ? error : await onError?.(error, request);
  if (response !== undefined) return held.finish(response);
  const commit = await held.commit();
  if (commit.setCookie.length > 0) warnOfLoss();
  throw error;
}

/**
 * The runtime answers by itself. An error must not leave here: after `server.upgrade` Bun has no
 * response to fail, and a rejected handler would end the process.
 */
async function release<Data, Answer>(held: Held<Data>, answer: Answer): Promise<Answer> {
  try {
    await held.release();
  } catch (error) {
    warn(error);
  }
  return answer;
}

/** Whoever threw past us answers without the cookie. */
function warnOfLoss(): void {
  warn(
    new SessionError(
      "ERR_SESSION_RUNTIME",
      "A handler threw after it changed its session, so the cookie was lost. Give withSession an onError that makes a response of the error, or return one.",
    ),
  );
}

function warn(error: unknown): void {
  const told = error instanceof SessionError ? `${error.code}: ${error.message}` : String(error);
  // oxlint-disable-next-line no-console -- there is no response left that could tell
  console.warn(`[galleta] ${told}`);
}
