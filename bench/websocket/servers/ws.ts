// node ws.ts [bare | cookie-session | galleta]
import { createSessions } from "@galleta/session";
import { session as httpSession } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/ws";
import cookieSession from "cookie-session";
import { createServer, ServerResponse, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { listening } from "../../http/listening.ts";
import { login, SECRET, userOf, type Visit } from "../../http/views.ts";

type WithSession = IncomingMessage & { session: Partial<Visit> };

const wss = new WebSocketServer({ noServer: true });
const echo = (ws: WebSocket) => ws.on("message", (data) => ws.send(data.toString()));

function logIn(req: WithSession, res: ServerResponse): void {
  const body = JSON.stringify(login(req.session, userOf(req.url)));
  res.writeHead(200, { "content-type": "application/json" }).end(body);
}

function bare(): Server {
  wss.on("connection", echo);
  return createServer((_req, res) => res.end("{}")).on("upgrade", (req, socket, head) =>
    wss.handleUpgrade(req, socket, head, (ws) => wss.emit("connection", ws, req)),
  );
}

/** The usual recipe: runs the middleware on the upgrade with a response that is never sent. */
function withCookieSession(): Server {
  const run = cookieSession({ name: "session", keys: [SECRET] }) as unknown as (
    req: IncomingMessage,
    res: ServerResponse,
    next: () => void,
  ) => void;
  wss.on("connection", echo);
  const server = createServer((req, res) => run(req, res, () => logIn(req as WithSession, res)));
  return server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    run(req, new ServerResponse(req), () => {
      if ((req as WithSession).session.user === undefined) socket.destroy();
      else wss.handleUpgrade(req, socket, head, (ws) => wss.emit("connection", ws, req));
    });
  });
}

function withGalleta(): Server {
  const sessions = createSessions<Visit>({ secretKey: SECRET });
  wss.on("connection", (ws) => {
    if (sessionOf<Visit>(ws).user === undefined) ws.close(1008);
    else echo(ws);
  });
  const handler = httpSession(sessions)((req, res) =>
    logIn(req as unknown as WithSession, res as ServerResponse),
  );
  return createServer(handler).on("upgrade", socketSession(sessions)(wss));
}

const servers = { bare, "cookie-session": withCookieSession, galleta: withGalleta };
const server = servers[process.argv[2] as keyof typeof servers]();
server.listen(0, "127.0.0.1", () => listening(server));
