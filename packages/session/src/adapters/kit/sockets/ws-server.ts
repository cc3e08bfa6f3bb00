import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Sessions } from "../../../engine.ts";
import { attachSocket, live } from "../../../live/live.ts";
import type { LiveHandle } from "../../../live/socket.ts";
import type { MaybePromise } from "../../../maybe.ts";
import type { Commit } from "../../../cookie/headers.ts";
import type { SessionContext } from "../../../session/context.ts";
import type { SessionData, SessionOf } from "../../../session/data.ts";
import { allHeld } from "../expose.ts";
import { isLivePage, separateFrames, speakLive, type ProtocolOptions } from "./frames.ts";
import {
  commitHandshake,
  openHandshakes,
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

/** The part of a ws socket that this adapter uses. */
export interface WsSocket {
  close(code?: number, reason?: string): void;
  send(data: never, ...rest: never[]): void;
  emit(event: string | symbol, ...args: never[]): boolean;
  on(event: "message", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** The part of a ws `WebSocketServer` that this adapter uses. */
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
  /**
   * Called after the session's data was changed elsewhere, such as by an HTTP request. The session
   * already has the new data.
   */
  readonly changed?: (session: SessionOf<Data>, ws: WsSocket) => void;
}

/** The session of a handshake that an HTTP adapter already checked and opened. */
interface HeldHandshake<Data> {
  readonly sessions: Sessions<Data>;
  readonly context: SessionContext<Data>;
  commit(): MaybePromise<Commit | undefined>;
}

/** One handshake that the server is about to answer. */
interface Upgrade<Data, Socket extends WsSocket> {
  readonly server: WsServer<Socket>;
  readonly settings: WsSettings<Data>;
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** Answers the handshake and passes the open WebSocket to `done`. */
  readonly accept: (done: (ws: Socket) => void) => void;
  /** Called with the open WebSocket, after it was tied to its sessions. */
  readonly done: (ws: Socket) => void;
}

/**
 * Checks a WebSocket handshake, opens its sessions, answers it, and ties the socket to the
 * sessions.
 *
 * @param lazy returns the sessions; the app's `handshake` function gets the first
 */
export function openUpgrade<Data, Socket extends WsSocket>(
  lazy: () => readonly Sessions<Data>[],
  upgrade: Upgrade<Data, Socket>,
): void {
  const { req, socket } = upgrade;
  guardErrors(socket);
  let all: readonly Sessions<Data>[];
  try {
    all = lazy();
  } catch (error) {
    // Node does not catch errors of a server's listeners: a throw here would end the process.
    answerUpgrade(socket, failureReply(error));
    return;
  }
  const facts = new NodeFacts(req);
  for (const sessions of all) {
    const denied = denyHandshake(sessions, facts);
    if (denied === undefined) continue;
    answerUpgrade(socket, denied);
    return;
  }
  const contexts = all.map((sessions) => sessions.open(req.headers.cookie, facts));
  for (const context of contexts) exposeSocketSession(req, context);
  const commit = async () => (await Promise.all(contexts.map(commitHandshake))).flat();
  void answer(upgrade, contexts, commit);
}

/** Ties the sockets of a server to the sessions that an HTTP adapter opened for their requests. */
export function adoptUpgrades<Socket extends WsSocket>(server: WsServer<Socket>): void {
  interceptUpgrades(server, (req, socket, accept, done) => {
    const held = allHeld(req) as unknown as HeldHandshake<SessionData>[];
    if (held.length === 0) accept(done);
    else adoptUpgrade(held, { server, settings: {}, req, socket, accept, done });
  });
}

function adoptUpgrade<Data, Socket extends WsSocket>(
  held: readonly HeldHandshake<Data>[],
  upgrade: Upgrade<Data, Socket>,
): void {
  guardErrors(upgrade.socket);
  const contexts = held.map(({ context }) => context);
  for (const { sessions, context } of held) {
    live(sessions);
    rememberSession(context, upgrade.req);
  }
  const commit = async () => {
    const commits = await Promise.all(held.map((each) => each.commit()));
    return commits.flatMap((each) => each?.setCookie ?? []);
  };
  void answer(upgrade, contexts, commit);
}

/**
 * Adds an error listener to the connection of a handshake, because Node has removed its own. An
 * error without a listener would end the process.
 */
function guardErrors(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
}

async function answer<Data, Socket extends WsSocket>(
  upgrade: Upgrade<Data, Socket>,
  contexts: readonly SessionContext<Data>[],
  commit: () => MaybePromise<readonly string[]>,
): Promise<void> {
  const { req, socket, settings } = upgrade;
  const denied = await prepare(upgrade, contexts, commit);
  if (denied !== undefined) {
    answerUpgrade(socket, denied);
    return;
  }
  // Errors in the app's listeners are thrown as they would be without Galleta.
  upgrade.accept((ws) => {
    follow(settings, contexts, ws, isLivePage(req));
    upgrade.done(ws);
  });
}

/**
 * Calls the app's `handshake` function and saves the sessions, before a handshake is answered.
 *
 * @returns the reply that denies the handshake; `undefined` if it can be accepted
 */
async function prepare<Data, Socket extends WsSocket>(
  { server, settings: { handshake }, req }: Upgrade<Data, Socket>,
  contexts: readonly SessionContext<Data>[],
  commit: () => MaybePromise<readonly string[]>,
): Promise<Reply | undefined> {
  try {
    const hook = handshake && (() => handshake(contexts[0]!.session, req));
    const denied = await openHandshakes(contexts, hook);
    if (denied !== undefined) return denied;
    sendWithHandshake(server, req, await commit());
    return undefined;
  } catch (error) {
    return failureReply(error);
  }
}

function follow<Data>(
  { changed }: WsSettings<Data>,
  contexts: readonly SessionContext<Data>[],
  ws: WsSocket,
  isPage: boolean,
): void {
  const handles: LiveHandle[] = [];
  const control = isPage ? separateFrames(ws as never, handles) : undefined;
  for (const context of contexts) {
    exposeSocketSession(ws, context);
    const handle = attachSocket(context, {
      close: (code, reason) => ws.close(code, reason),
      changed: () => changed?.(context.session, ws),
      control,
    });
    if (handle !== undefined) handles.push(handle);
  }
  if (contexts.some(({ shared }) => shared.socketActivity)) {
    ws.on("message", () => {
      for (const handle of handles) handle.active();
    });
  }
  ws.once("close", () => {
    for (const handle of handles) handle.detach();
  });
}

/**
 * Replaces `handleUpgrade` of a ws server, so that `take` gets each handshake. A second call for
 * the same server has no effect.
 */
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
    // In a WebSocketServer with the option `server`, `done` emits `connection` with this request.
    take(req, socket, accept, (ws) => done(ws, req));
  };
}

const intercepted = new WeakSet<object>();
