import type { IncomingMessage, ServerResponse } from "node:http";
import type { Sessions } from "../engine.ts";
import { attachSocket } from "../live/live.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import type { RequestFacts } from "../session/request.ts";
import {
  commitHandshake,
  openHandshakes,
  exposeSocketSession,
  failureReply,
  recallSession,
  denyHandshake,
  answerUpgrade,
  type HandshakeSettings,
} from "./kit/handshake.ts";
import { NodeFacts } from "./kit/node-facts.ts";
import { sendReply } from "./kit/node-session.ts";
import { deniedReply, type Reply } from "./kit/reply.ts";
import { lazySeveral, type OneOrSeveral } from "./kit/sockets/several.ts";
import { sendWithHandshake, type HandshakeServer } from "./kit/sockets/upgrade.ts";

/** The part of a Socket.IO server's engine that this adapter uses. */
interface Engine {
  /** The WebSocketServer that the engine uses for WebSocket connections. */
  readonly ws?: unknown;
  use(fn: (req: IncomingMessage, res: ServerResponse, next: () => void) => void): unknown;
  on(event: "connection", listener: (socket: EngineSocket) => void): unknown;
}

interface EngineSocket {
  readonly request: IncomingMessage;
  close(): void;
  /** Adds a listener for messages of the client. The engine does not emit `message` for pings. */
  on(event: "message", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** The part of a Socket.IO `Server` that this adapter uses. */
export interface SocketIoServer {
  readonly engine: unknown;
}

/** Settings for {@link session}, in addition to the session options. */
export interface SocketIoSettings<Data = SessionData> extends HandshakeSettings<Data> {
  /**
   * Called after the session's data was changed elsewhere, such as by an HTTP request. The session
   * already has the new data.
   */
  readonly changed?: (session: SessionOf<Data>, req: IncomingMessage) => void;
}

/**
 * Sessions for Socket.IO 4, over WebSocket and polling. Checks the origin of every request, opens
 * the session at the handshake, and disconnects the client when the session ends or expires.
 * `socket.request.session` is the session, and shows changes that other requests make;
 * {@link sessionOf} returns it with its type.
 *
 * @param given options, or the sessions of the HTTP server; for several sessions, a list of these
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const io = new Server(server);
 * session(sessions)(io);
 * io.on("connection", (socket) => socket.emit("hello", sessionOf(socket).name));
 * ```
 */
export function session<Data = SessionData>(
  given: OneOrSeveral<Data>,
  settings: SocketIoSettings<Data> = {},
): (io: SocketIoServer) => void {
  const sessions = lazySeveral(given);
  return (io) => {
    const engine = io.engine as Engine;
    engine.use((req, res, next) => void run(sessions, settings, engine, { req, res, next }));
    engine.on("connection", (socket) => {
      for (const { property } of sessions()) {
        const { request } = socket;
        const context = recallSession<Data>(request, "The session of this client", property);
        const handle = attachSocket(context, {
          // Engine.IO has no close codes: a Socket.IO client gets the reason "transport close".
          close: () => socket.close(),
          changed: () => settings.changed?.(context.session, request),
        });
        if (context.shared.socketActivity) socket.on("message", () => handle?.active());
        socket.once("close", () => handle?.detach());
      }
    });
  };
}

/**
 * Returns the session of a Socket.IO socket.
 *
 * @param property the option `property` of the session; needed only for a second session
 * @throws SessionError `ERR_SESSION_SETUP` if the socket's server was not passed to {@link session}
 * @example
 * ```ts
 * await update(sessionOf(socket), (draft) => { draft.lastId = 7; }, {
 *   deliver: (ticket) => socket.emit("session ticket", ticket),
 * });
 * ```
 */
export function sessionOf<Data = SessionData>(
  socket: { readonly request: IncomingMessage },
  property = "session",
): SessionOf<Data> {
  return recallSession<Data>(socket.request, "The session of this client", property).session;
}

/** The arguments of one call of the Engine.IO middleware. */
interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: () => void;
}

async function run<Data>(
  sessions: () => readonly Sessions<Data>[],
  settings: SocketIoSettings<Data>,
  engine: Engine,
  call: Call,
): Promise<void> {
  const { req, res, next } = call;
  const reply = await begin(sessions, settings, engine, call);
  if (reply === undefined) next();
  else if (isUpgrade(res)) answerUpgrade(req.socket, reply);
  else sendReply(res, reply);
}

/**
 * Checks a request before Socket.IO handles it, and opens the session at the handshake.
 *
 * @returns the response that denies the request; `undefined` if Socket.IO may handle the request
 */
async function begin<Data>(
  lazy: () => readonly Sessions<Data>[],
  { handshake }: SocketIoSettings<Data>,
  engine: Engine,
  { req, res }: Call,
): Promise<Reply | undefined> {
  try {
    const all = lazy();
    const facts = new NodeFacts(req);
    const contexts = all.map((sessions) => sessions.open(req.headers.cookie, facts));
    for (const [index, sessions] of all.entries()) {
      const denied = isUpgrade(res)
        ? denyHandshake(sessions, facts)
        : await denyPolling(sessions, contexts[index]!, facts);
      if (denied !== undefined) return denied;
    }
    // A client's later requests use the session of its first request.
    if (new URL(req.url ?? "/", "http://localhost").searchParams.has("sid")) return undefined;
    for (const context of contexts) exposeSocketSession(req, context);
    const hook = handshake && (() => handshake(contexts[0]!.session, req));
    const verdict = await openHandshakes(contexts, hook);
    if (verdict !== undefined) return verdict;
    const setCookie = (await Promise.all(contexts.map(commitHandshake))).flat();
    if (isUpgrade(res)) sendWithHandshake(engine.ws as HandshakeServer, req, setCookie);
    else if (setCookie.length > 0) res.setHeader("Set-Cookie", setCookie);
    return undefined;
  } catch (error) {
    return failureReply(error);
  }
}

async function denyPolling<Data>(
  sessions: Sessions<Data>,
  context: SessionContext<Data>,
  facts: RequestFacts,
): Promise<Reply | undefined> {
  const outcome = sessions.check(facts);
  if (outcome === undefined) return undefined;
  if (outcome !== "needs-token") return deniedReply(outcome);
  await context.load();
  // Polling does not send forms, so only the header can contain the token.
  const denial = await sessions.checkToken(facts, context, async () => undefined);
  return denial && deniedReply(denial);
}

/** True for a WebSocket handshake: Engine.IO passes an object without most response methods. */
function isUpgrade(res: Partial<ServerResponse>): boolean {
  return res.flushHeaders === undefined;
}
