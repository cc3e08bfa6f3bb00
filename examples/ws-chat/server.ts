// One session for pages and sockets, with the package ws.
// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { createServer } from "node:http";
import { createSessions, renew } from "@galleta/session";
import { session as httpSession } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/ws";
import { WebSocketServer } from "ws";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const sessions = createSessions({ secretKey: process.env["SECRET_KEY"] ?? "" });

const server = createServer(
  httpSession(sessions)((req, res) => {
    const [, action, user] = (req.url ?? "/").split("/");
    if (req.method === "POST" && action === "login") {
      renew(req.session);
      req.session.user = user ?? "";
    } else if (req.method === "POST" && action === "logout") {
      req.session = null; // closes the sockets of this session
    } else {
      req.session.visits = (req.session.visits ?? 0) + 1;
    }
    res.setHeader("Content-Type", "application/json");
    const { visits = 0, user: name = null } = req.session;
    res.end(JSON.stringify({ visits, user: name }));
  }),
);

const wss = new WebSocketServer({ noServer: true });
// Only users who are logged in may connect.
const handshake = (session: { user?: string }) => session.user !== undefined;
server.on("upgrade", socketSession(sessions, { handshake })(wss));

wss.on("connection", (ws) => {
  ws.on("message", (message) => {
    const line = `${sessionOf(ws).user}: ${String(message)}`;
    for (const client of wss.clients) client.send(line);
  });
});

server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("listening on port", (server.address() as { port: number }).port);
});
