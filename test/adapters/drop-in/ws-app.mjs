// Sockets behind a login, as they are written with ws and express-session. The test changes the two
// marked lines, and nothing else.
import { createServer } from "node:http";
import express from "express";
import session from "express-session"; // import
import { WebSocketServer } from "ws";

const sessionParser = session({ secret: "old", resave: false, saveUninitialized: false }); // set-up
const sockets = new Map();
const app = express();
app.use(sessionParser);

app.post("/login", (req, res) => {
  req.session.userId = `user-${req.query.name}`;
  res.json({ message: "logged in" });
});

app.delete("/logout", (req, res) => {
  const ws = sockets.get(req.session.userId);
  req.session.destroy(() => {
    ws?.close();
    res.json({ message: "logged out" });
  });
});

export const server = createServer(app);
const wss = new WebSocketServer({ clientTracking: false, noServer: true });
const onSocketError = () => {};

server.on("upgrade", (request, socket, head) => {
  socket.on("error", onSocketError);
  sessionParser(request, {}, () => {
    if (!request.session.userId) {
      socket.write("HTTP/1.1 401 Unauthorized\r\n\r\n");
      socket.destroy();
      return;
    }
    socket.removeListener("error", onSocketError);
    wss.handleUpgrade(request, socket, head, (ws) => wss.emit("connection", ws, request));
  });
});

wss.on("connection", (ws, request) => {
  const { userId } = request.session;
  sockets.set(userId, ws);
  ws.on("message", (message) => ws.send(`${userId} said ${message}`));
  ws.on("close", () => sockets.delete(userId));
});
