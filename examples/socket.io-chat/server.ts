// One session for pages and Socket.IO.
// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { createServer } from "node:http";
import { createSessions, renew } from "@galleta/session";
import { session as httpSession } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/socket.io";
import { Server } from "socket.io";

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
      req.session = null; // disconnects the clients of this session
    } else {
      req.session.visits = (req.session.visits ?? 0) + 1;
    }
    res.setHeader("Content-Type", "application/json");
    const { visits = 0, user: name = null } = req.session;
    res.end(JSON.stringify({ visits, user: name }));
  }),
);

const io = new Server(server);
// Only users who are logged in may connect.
const handshake = (session: { user?: string }) => session.user !== undefined;
socketSession(sessions, { handshake })(io);

io.on("connection", (socket) => {
  socket.on("message", (message: string) => {
    io.emit("message", `${sessionOf(socket).user}: ${message}`);
  });
});

server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("listening on port", (server.address() as { port: number }).port);
});
