import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Sessions } from "../../../engine.ts";
import { attachSocket, live } from "../../../live/live.ts";
import type { LiveHandle } from "../../../live/socket.ts";
import type { MaybePromise } from "../../../maybe.ts";
import type { Commit } from "../../../cookie/headers.ts";
import type { SessionContext } from "../../../session/context.ts";
import type { SessionData, SessionOf } from "../../../session/data.ts";
import { heldBy } from "../expose.ts";
import { isLivePage, separateFrames, speakLive, type ProtocolOptions } from "./frames.ts";
import {
  commitHandshake,
  openHandshake,
  exposeSocketSession,
  failureReply,
  denyHandshake,
  answerUpgrade,
  rememberSession,
  type HandshakeSettings,
} from "../handshake.ts";
import { NodeFacts } from "../node-facts.ts";
import type { Reply } from "../reply.ts";
import { sendWithHandshake } from "./upgrade.ts";

/** The used part of a ws socket. */
export interface WsSocket {
  close(code?: number, reason?: string): void;
  send(data: never, ...rest: never[]): void;
  emit(event: string | symbol, ...args: never[]): boolean;
  once(event: "close", listener: () => void): unknown;
}

/** The used part of a ws `WebSocketServer`. */
export interface WsServer<Socket extends WsSocket> {
  readonly options: object;
  on(event: "headers", listener: (headers: string[], req: IncomingMessage) => void): unknown;
  emit(event: "connection", ws: Socket, req: IncomingMessage): boolean;
  handleUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (ws: Socket, req: IncomingMessage) => void,
  ): void;
}

/** The app's settings for the sockets of a server. */
export interface WsSettings<Data = SessionData> extends HandshakeSettings<Data> {
  /** Called after the socket's session was changed elsewhere. It already has the change. */
  readonly changed?: (session: SessionOf<Data>, ws: WsSocket) => void;
}

/** The session of a handshake that an HTTP adapter has checked and opened. */
interface HeldHandshake<Data> {
  readonly sessions: Sessions<Data>;
  readonly context: SessionContext<Data>;
  commit(): MaybePromise<Commit | undefined>;
}

/** One handshake on its way to a server. */
interface Upgrade<Data, Socket extends WsSocket> {
  readonly server: WsServer<Socket>;
  readonly settings: WsSettings<Data>;
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** Answers the handshake and passes the socket on. */
  readonly accept: (done: (ws: Socket) => void) => void;
  /** Called with the socket, after it was tied to its session. */
  readonly done: (ws: Socket) => void;
}

/** Checks a handshake, opens its session, answers it, and ties the socket to the session. */
export function openUpgrade<Data, Socket extends WsSocket>(
  sessions: Sessions<Data>,
  upgrade: Upgrade<Data, Socket>,
): void {
  const { req, socket } = upgrade;
  guardErrors(socket);
  const facts = new NodeFacts(req);
  const refused = denyHandshake(sessions, facts);
  if (refused !== undefined) {
    answerUpgrade(socket, refused);
    return;
  }
  const context = sessions.open(req.headers.cookie, facts);
  exposeSocketSession(req, context);
  void answer(upgrade, context, () => commitHandshake(context));
}

/** Ties the sockets of a server to the sessions that an HTTP adapter opened for their requests. */
export function adoptUpgrades<Socket extends WsSocket>(server: WsServer<Socket>): void {
  interceptUpgrades(server, (req, socket, accept, done) => {
    const held = heldBy(req) as unknown as HeldHandshake<SessionData> | undefined;
    if (held === undefined) accept(done);
    else adoptUpgrade(held, { server, settings: {}, req, socket, accept, done });
  });
}

function adoptUpgrade<Data, Socket extends WsSocket>(
  held: HeldHandshake<Data>,
  upgrade: Upgrade<Data, Socket>,
): void {
  guardErrors(upgrade.socket);
  const { context } = held;
  live(held.sessions);
  rememberSession(context, upgrade.req);
  void answer(upgrade, context, async () => (await held.commit())?.setCookie ?? []);
}

/** Adds a listener for errors: Node removed its own, and an error without one ends the process. */
function guardErrors(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
}

async function answer<Data, Socket extends WsSocket>(
  upgrade: Upgrade<Data, Socket>,
  context: SessionContext<Data>,
  commit: () => MaybePromise<readonly string[]>,
): Promise<void> {
  const { req, socket, settings } = upgrade;
  const refused = await prepare(upgrade, context, commit);
  if (refused !== undefined) {
    answerUpgrade(socket, refused);
    return;
  }
  // Errors in the app's listeners are thrown as with the package alone.
  upgrade.accept((ws) => {
    follow(settings, context, ws, isLivePage(req));
    upgrade.done(ws);
  });
}

/**
 * Prepares the answer. @returns the reply that denies the handshake; `undefined` if it can be
 * accepted
 * @returns what the handshake is refused with; `undefined` where it can be answered
 */
async function prepare<Data, Socket extends WsSocket>(
  { server, settings: { handshake }, req }: Upgrade<Data, Socket>,
  context: SessionContext<Data>,
  commit: () => MaybePromise<readonly string[]>,
): Promise<Reply | undefined> {
  try {
    const refused = await openHandshake(
      context,
      handshake && (() => handshake(context.session, req)),
    );
    if (refused !== undefined) return refused;
    sendWithHandshake(server, req, await commit());
    return undefined;
  } catch (error) {
    return failureReply(error);
  }
}

function follow<Data>(
  { changed }: WsSettings<Data>,
  context: SessionContext<Data>,
  ws: WsSocket,
  isPage: boolean,
): void {
  exposeSocketSession(ws, context);
  let handle: LiveHandle | undefined;
  const control = isPage ? separateFrames(ws as never, () => handle) : undefined;
  handle = attachSocket(context, {
    close: (code, reason) => ws.close(code, reason),
    changed: () => changed?.(context.session, ws),
    control,
  });
  ws.once("close", () => handle?.detach());
}

/** Passes a server's handshakes to `take`, for any caller of the server; once for each server. */
export function interceptUpgrades<Socket extends WsSocket>(
  server: WsServer<Socket>,
  take: (
    req: IncomingMessage,
    socket: Duplex,
    accept: (done: (ws: Socket) => void) => void,
    done: (ws: Socket) => void,
  ) => void,
): void {
  if (intercepted.has(server)) return;
  intercepted.add(server);
  speakLive(server.options as ProtocolOptions);
  const handleUpgrade = server.handleUpgrade.bind(server);
  server.handleUpgrade = (req, socket, head, done) => {
    const accept = (opened: (ws: Socket) => void) => handleUpgrade(req, socket, head, opened);
    // Libraries that let the server listen itself take the request from here.
    take(req, socket, accept, (ws) => done(ws, req));
  };
}

const intercepted = new WeakSet<object>();
