import { session, sessionOf } from "@galleta/session/crossws";
import crossws from "crossws/adapters/node";
import { socketConformance } from "./conformance.ts";
import { handshake, reply } from "./socket-harness.ts";

socketConformance({
  name: "crossws",
  speaksLive: true,
  takesSeveral: true,
  path: "/",
  serve(server, sessions) {
    const [first] = [sessions].flat();
    const withSession = session(sessions);
    const ws = crossws({
      hooks: withSession({
        upgrade(request, of, all) {
          const verdict = handshake(of, request.url, (all as { prefs?: object }).prefs);
          return typeof verdict === "number" ? new Response(null, { status: verdict }) : undefined;
        },
        async message(peer, message) {
          const prefs = () => sessionOf(peer, "prefs");
          peer.send(await reply(first!.of(peer), message.text(), prefs));
        },
      }),
    });
    server.on("upgrade", (req, socket, head) => void ws.handleUpgrade(req, socket, head));
    server.on("close", () => void ws.close());
  },
});
