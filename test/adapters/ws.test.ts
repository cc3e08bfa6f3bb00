import { session, sessionOf } from "@galleta/session/ws";
import { WebSocketServer } from "ws";
import { socketConformance } from "./conformance.ts";
import { handshake, reply } from "./socket-harness.ts";

socketConformance({
  name: "ws",
  speaksLive: true,
  takesSeveral: true,
  path: "/",
  serve(server, sessions) {
    const [first] = [sessions].flat();
    const wss = new WebSocketServer({ noServer: true });
    const listener = session(sessions, {
      handshake: (of, req) => handshake(of, req.url ?? "/", (req as { prefs?: object }).prefs),
    });
    server.on("upgrade", listener(wss));
    wss.on("connection", (ws) => {
      ws.on(
        "message",
        (data) =>
          void reply(first!.of(ws), String(data), () => sessionOf(ws, "prefs")).then((text) =>
            ws.send(text),
          ),
      );
    });
  },
});
