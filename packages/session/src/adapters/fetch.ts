import { SessionError } from "../errors.ts";
import { negotiate, offeredProtocols } from "../live/socket.ts";
import type { OtherProperties, SessionData, SessionOf } from "../session/data.ts";
import { allHeld, exposeSession, heldBy, hold } from "./kit/expose.ts";
import { connectionOf, FetchFacts, type ConnectionFacts } from "./kit/fetch-facts.ts";
import { FetchSession as Held } from "./kit/fetch-session.ts";
import { asksForSocket, recallSession } from "./kit/handshake.ts";
import type { BunServer } from "./kit/sockets/bun-server.ts";
import type * as BunSocketsModule from "./kit/sockets/fetch-socket.ts";
import type { AttachedSocket, EventSocket } from "./kit/sockets/fetch-socket.ts";
import { tooEarlyError, secondSessionError, lazySessions, type LazySessions } from "./kit/given.ts";

/** The second argument of a handler. */
export interface FetchSession<Data = SessionData> extends OtherProperties {
  get session(): SessionOf<Data>;
  /** Assigning an object replaces the data; assigning null ends the session. */
  set session(value: SessionOf<Data> | null);
  /**
   * Ties a socket of Deno or workerd to the session. Call it in the handler, before you listen to
   * the socket's messages.
   */
  attach(socket: EventSocket): void;
  /**
   * Returns the subprotocol for Deno's 101: your choice, joined with that of a page which uses
   * `@galleta/session/client`. On Bun and workers it is sent automatically.
   *
   * @param chosen the app's subprotocol, if the page offers it
   */
  subprotocol(chosen?: string): string | undefined;
}

/** Settings for {@link withSession}, in addition to the session options. */
export interface FetchSettings<Beside extends unknown[] = unknown[]> {
  /**
   * Makes a response for an error that the handler threw; the session's cookie is added to it.
   * Without this function the runtime handles the error, and its response has no cookie.
   */
  readonly onError?: (error: unknown, request: Request) => Response | Promise<Response>;
  /**
   * Describes the client's connection. Default: the facts that Bun and Deno pass; on other runtimes
   * only the URL.
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

/** What a handler may return. */
type Answered = Response | undefined | void;

/**
 * Sessions for hosts that pass a `Request` and take a `Response`: Bun.serve, Deno.serve, workers,
 * route handlers of Next.js and hooks of SvelteKit. Set it up once, then wrap handlers.
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
 * Works like {@link session}, for one handler.
 *
 * @param handler gets the request, `{ session }`, and the runtime's further arguments
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request rejects with
 *   `ERR_SESSION_SETUP` if it already went through another `withSession`
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
    const isInner = outer instanceof Exposed;
    const beside = (isInner ? passed.slice(1) : passed) as Beside;
    const connection = settings.connection ?? (() => connectionOf(request, beside[0]));
    const facts = new FetchFacts(lasting(request), () => connection(request, ...beside));
    const held = new Held(sessions, request, { facts });
    hold(request, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;
    try {
      const exposed = isInner ? outer : new Exposed(facts);
      exposeSession(exposed, held);
      const args = asksForSocket(facts) ? await guarded(held, beside, isInner) : beside;
      let answer = await handler(request, exposed as never, ...(args as Beside));
      // If sessions are nested, the innermost ties the sockets, before the others are finished.
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

/** Reads the parts of a request that are needed later: Deno closes a request on its upgrade. */
function lasting(request: Request): Request {
  if (!("Deno" in globalThis) || !request.headers.has("upgrade")) return request;
  const { method, url } = request;
  return { method, url, headers: new Headers(request.headers) } as Request;
}

/** Prepares the runtime's arguments for a handshake, so that Bun's server attaches the session. */
async function guarded<Data>(
  held: Held<Data>,
  beside: unknown[],
  isInner: boolean,
): Promise<unknown[]> {
  const [server, ...rest] = beside as [BunServer | undefined, ...unknown[]];
  // Deno answers a handshake once the handler upgraded it, even if an error follows here.
  if ("Deno" in globalThis && held.sessions.loads) void held.context.state;
  if (isInner || !("Bun" in globalThis) || typeof server?.upgrade !== "function") return beside;
  // Loaded only here, so that apps without sockets do not load it.
  bunSockets ??= await import("./kit/sockets/fetch-socket.ts");
  return [bunSockets.guardServer(held as never, server), ...rest];
}

async function tie<Answer>(
  request: Request,
  sockets: AttachedSocket[],
  answer: Answer,
): Promise<Answer> {
  const { tieSockets } = await import("./kit/sockets/fetch-socket.ts");
  return tieSockets(allHeld(request) as never, sockets, answer);
}

/** Loaded at the first handshake, and thus before the first socket opens. */
let bunSockets: typeof BunSocketsModule | undefined;

/** The handlers of `Bun.serve({ websocket })` that tie sockets to sessions. */
interface BunHandlers {
  open?(ws: never): unknown;
  close?(ws: never, code: number, reason: string): unknown;
}

/**
 * Gives sessions to the sockets of `Bun.serve`. A socket follows the session of the request passed
 * to `server.upgrade`, and is closed when it ends. {@link sessionOf} returns the session of a
 * socket.
 *
 * @returns the handlers; a socket that was not upgraded in a handler of {@link withSession} is
 *   closed with 1011, and a warning says `ERR_SESSION_SETUP`
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
  const { message: read } = handlers as { message?(ws: never, message: never): unknown };
  return {
    ...handlers,
    message(ws: never, message: never) {
      const own = bunSockets === undefined ? message : bunSockets.readBunSocket(ws, message);
      return own === undefined ? undefined : read?.call(handlers, ws, own as never);
    },
    open(ws: never) {
      if (bunSockets?.openBunSocket(ws) === true) return handlers.open?.(ws);
      // An error thrown here would end the process.
      warn(tooEarlyError("The session of this socket"));
      return (ws as WebSocket).close(1011, "no session");
    },
    close(ws: never, code: number, reason: string) {
      bunSockets?.closeBunSocket(ws);
      return handlers.close?.(ws, code, reason);
    },
  };
}

/**
 * Returns the session of a Bun socket, or of a request that came through {@link withSession}.
 *
 * @param property names a session other than the first
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

/** The object passed to handlers. Each session is a property of it. */
class Exposed {
  readonly #facts: FetchFacts;
  #sockets: AttachedSocket[] | undefined;

  constructor(facts: FetchFacts) {
    this.#facts = facts;
  }

  attach(socket: EventSocket): void {
    const attached: AttachedSocket = { socket };
    // Added as the socket's first listener, so that the app's listeners get no control frames.
    socket.addEventListener("message", (event) => attached.read?.(event));
    (this.#sockets ??= []).push(attached);
  }

  subprotocol(chosen?: string): string | undefined {
    const offered = this.#facts.header("sec-websocket-protocol");
    return negotiate(offeredProtocols(offered), chosen).protocol;
  }

  /** Returns the sockets that the handler attached, and forgets them. */
  takeSockets(): AttachedSocket[] | undefined {
    const sockets = this.#sockets;
    this.#sockets = undefined;
    return sockets;
  }
}

/** Adds the cookies of all sessions to the response to an error. */
async function recover(error: unknown, request: Request, response?: Response): Promise<Response> {
  let sent = response;
  for (const each of allHeld(request) as unknown as Held[]) {
    if (sent !== undefined) sent = await each.finish(sent);
    else if ((await each.commit()).setCookie.length > 0) warnOfLoss();
  }
  if (sent === undefined) throw error;
  return sent;
}

/**
 * Finishes a request that the runtime answers by itself. It must not throw: after `server.upgrade`
 * Bun has no response left, and a rejected handler would end the process.
 */
async function release<Data, Answer>(held: Held<Data>, answer: Answer): Promise<Answer> {
  try {
    await held.release();
  } catch (error) {
    warn(error);
  }
  return answer;
}

/** Warns that a handler's error bypassed this adapter, so the answer has no cookie. */
function warnOfLoss(): void {
  warn(
    new SessionError(
      "ERR_SESSION_RUNTIME",
      "A handler threw after it changed its session, so the cookie was lost. Pass `onError` to withSession to turn the error into a response, or catch the error and return a response.",
    ),
  );
}

function warn(error: unknown): void {
  const text = error instanceof SessionError ? `${error.code}: ${error.message}` : String(error);
  // oxlint-disable-next-line no-console -- no response is left that could say it
  console.warn(`[galleta] ${text}`);
}
