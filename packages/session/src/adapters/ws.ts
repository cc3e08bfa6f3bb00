import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { attachSocket, live } from "../live/live.ts";
import type { LiveHandle } from "../live/socket.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { isLivePage, separateFrames, speakLive, type ProtocolOptions } from "./kit/frames.ts";
import {
  commitHandshake,
  decide,
  defineLiveSession,
  failed,
  recall,
  refuseHandshake,
  refuseUpgrade,
  type HandshakeSettings,
} from "./kit/handshake.ts";
import { NodeFacts } from "./kit/node-facts.ts";
import type { Reply } from "./kit/reply.ts";
import { toSessions, type SessionsOrOptions } from "./kit/given.ts";
import { sendWithHandshake } from "./kit/upgrade.ts";

/** What is used of a socket of the package ws. */
export interface WsSocket {
  close(code?: number, reason?: string): void;
  send(data: never, ...rest: never[]): void;
  emit(event: string | symbol, ...args: never[]): boolean;
  once(event: "close", listener: () => void): unknown;
}

/** What is used of a `WebSocketServer` of the package ws. */
export interface WsServer<Socket extends WsSocket> {
  readonly options: object;
  on(event: "headers", listener: (headers: string[], req: IncomingMessage) => void): unknown;
  emit(event: "connection", ws: Socket, req: IncomingMessage): boolean;
  handleUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (ws: Socket) => void,
  ): void;
}

/** What {@link session} may be told beside the options of sessions. */
export interface WsSettings<Data = SessionData> extends HandshakeSettings<Data> {
  /** Called after the socket's session was changed elsewhere; it has the change already. */
  readonly changed?: (session: SessionOf<Data>, ws: WsSocket) => void;
}

/**
 * Sessions for the package ws. Gives listeners for the `upgrade` event of a server, which check the
 * Origin, open the session, and tie the socket to it: it is closed with 1008 when the session ends
 * or expires, and sees what is changed elsewhere. `ws.session` and `req.session` are the session;
 * {@link sessionOf} gives it with its type.
 *
 * @param given options, or the sessions of the HTTP server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const wss = new WebSocketServer({ noServer: true });
 * server.on("upgrade", session(sessions)(wss));
 * wss.on("connection", (ws, req) => {
 *   ws.on("message", () => ws.send(`hello ${sessionOf(ws).name}`));
 * });
 * ```
 */
export function session<Data = SessionData>(
  given: SessionsOrOptions<Data>,
  settings: WsSettings<Data> = {},
) {
  const sessions = live(toSessions(given));
  return <Socket extends WsSocket>(server: WsServer<Socket>) => {
    speakLive(server.options as ProtocolOptions);
    return (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
      // Node took its own listener away, and an error without one ends the process.
      socket.on("error", () => socket.destroy());
      const facts = new NodeFacts(req);
      const refused = refuseHandshake(sessions, facts);
      const context = sessions.open(req.headers.cookie, facts);
      if (refused !== undefined) refuseUpgrade(socket, refused);
      else void answer(server, settings, context, req, socket, head);
    };
  };
}

/**
 * The session of a socket, or of the request that it came with.
 *
 * @throws SessionError `ERR_SESSION_SETUP` where it did not come through {@link session}
 * @example
 * ```ts
 * await update(sessionOf(ws), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(ws: object): SessionOf<Data> {
  return recall<Data>(ws, "The session of this socket").session;
}

async function answer<Data, Socket extends WsSocket>(
  server: WsServer<Socket>,
  settings: WsSettings<Data>,
  context: SessionContext<Data>,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const refused = await prepare(server, settings, context, req);
  if (refused !== undefined) {
    refuseUpgrade(socket, refused);
    return;
  }
  // What the app throws in its listeners is its own, as with the package alone.
  server.handleUpgrade(req, socket, head, (ws) => {
    follow(settings, context, ws, isLivePage(req));
    server.emit("connection", ws, req);
  });
}

/** @returns what the handshake is refused with; `undefined` where it can be answered */
async function prepare<Data, Socket extends WsSocket>(
  server: WsServer<Socket>,
  { handshake }: WsSettings<Data>,
  context: SessionContext<Data>,
  req: IncomingMessage,
): Promise<Reply | undefined> {
  try {
    defineLiveSession(req, context);
    const refused = await decide(context, handshake && (() => handshake(context.session, req)));
    if (refused !== undefined) return refused;
    sendWithHandshake(server, req, await commitHandshake(context));
    return undefined;
  } catch (error) {
    return failed(error);
  }
}

function follow<Data>(
  { changed }: WsSettings<Data>,
  context: SessionContext<Data>,
  ws: WsSocket,
  isPage: boolean,
): void {
  defineLiveSession(ws, context);
  let handle: LiveHandle | undefined;
  const control = isPage ? separateFrames(ws as never, () => handle) : undefined;
  handle = attachSocket(context, {
    close: (code, reason) => ws.close(code, reason),
    changed: () => changed?.(context.session, ws),
    control,
  });
  ws.once("close", () => handle?.detach());
}
