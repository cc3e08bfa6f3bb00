import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { SessionData, SessionOf } from "../session/data.ts";
import { speakLive, type ProtocolOptions } from "./kit/sockets/frames.ts";
import { lazySeveral, type OneOrSeveral } from "./kit/sockets/several.ts";
import { recallSession } from "./kit/handshake.ts";
import {
  interceptUpgrades,
  openUpgrade,
  type WsServer,
  type WsSettings,
  type WsSocket,
} from "./kit/sockets/ws-server.ts";

export type { WsServer, WsSettings, WsSocket };

/**
 * Sessions for the package ws: listeners for the `upgrade` event of a server. They check the
 * Origin, open the session, and close the socket with 1008 when the session ends or expires.
 * `ws.session` and `req.session` are the session, and show changes that other requests make;
 * {@link sessionOf} returns it with its type.
 *
 * @param given options, or the sessions of the HTTP server; for several sessions, a list of these
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
  given: OneOrSeveral<Data>,
  settings: WsSettings<Data> = {},
) {
  const sessions = lazySeveral(given);
  return <Socket extends WsSocket>(server: WsServer<Socket>) => {
    speakLive(server.options as ProtocolOptions);
    return (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
      openUpgrade(sessions, {
        server,
        settings,
        req,
        socket,
        accept: (done) => server.handleUpgrade(req, socket, head, done),
        done: (ws) => server.emit("connection", ws, req),
      });
    };
  };
}

/**
 * Gives sessions to a `WebSocketServer` whose handshakes are handled by another library:
 * express-ws, koa-websocket, NestJS. It works like {@link session}, by wrapping
 * `server.handleUpgrade`.
 *
 * @param given options, or the sessions of the HTTP server; for several sessions, a list of these
 * @returns the same server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * guard(new WebSocketServer({ server }), sessions);
 * ```
 */
export function guard<Socket extends WsSocket, Server extends WsServer<Socket>, Data = SessionData>(
  server: Server & WsServer<Socket>,
  given: OneOrSeveral<Data>,
  settings: WsSettings<Data> = {},
): Server {
  const sessions = lazySeveral(given);
  interceptUpgrades(server, (req, socket, accept, done) =>
    openUpgrade(sessions, { server, settings, req, socket, accept, done }),
  );
  return server;
}

/**
 * Returns the session of a socket, or of its handshake request.
 *
 * @param property the option `property` of the session; needed only for a second session
 * @throws SessionError `ERR_SESSION_SETUP` if the socket did not come through {@link session} or
 *   {@link guard}
 * @example
 * ```ts
 * await update(sessionOf(ws), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(ws: object, property = "session"): SessionOf<Data> {
  return recallSession<Data>(ws, "The session of this socket", property).session;
}
