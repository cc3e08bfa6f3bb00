import { session, sessionOf } from "@galleta/session/socket.io";
import { Server } from "socket.io";
import type { WebSocket } from "ws";
import { socketConformance } from "./conformance.ts";
import { handshake, reply, type Talk } from "./socket-harness.ts";

/** Speaks as much of Engine.IO 4 and Socket.IO 5 as the suite needs. */
async function wrap(ws: WebSocket): Promise<Talk> {
  const waiting: ((text: string) => void)[] = [];
  const connected = new Promise<void>((resolve) => {
    ws.on("message", (data) => {
      const text = String(data);
      if (text.startsWith("0")) ws.send("40");
      else if (text === "2") ws.send("3");
      else if (text.startsWith("40")) resolve();
      else if (text.startsWith("42"))
        waiting.shift()?.((JSON.parse(text.slice(2)) as string[])[1]!);
    });
  });
  await connected;
  return (message) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      ws.send(`42${JSON.stringify(["say", message])}`);
    });
}

socketConformance({
  name: "socket.io",
  speaksLive: false,
  takesSeveral: true,
  path: "/socket.io/?EIO=4&transport=websocket",
  wrap,
  // Engine.IO closes without a code.
  closeCode: 1005,
  serve(server, sessions) {
    const [first] = [sessions].flat();
    const io = new Server(server, { serveClient: false });
    session(sessions, {
      handshake: (of, req) => handshake(of, req.url ?? "/", (req as { prefs?: object }).prefs),
    })(io);
    io.on("connection", (socket) => {
      socket.on("say", (message: string) => {
        const prefs = () => sessionOf(socket, "prefs");
        void reply(first!.of(socket), message, prefs).then((text) => socket.emit("reply", text));
      });
    });
  },
});
