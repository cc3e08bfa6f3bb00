import { session, sessionOf } from "@galleta/session/ws";
import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { handshake, reply } from "../app.mjs";
import { listen } from "./node-http.mjs";

const ofSocket = (ws) => (property) => sessionOf(ws, property);
const t = initTRPC.context().create();
const router = t.router({
  say: t.procedure
    .input((value) => String(value))
    .mutation(({ ctx, input }) => reply(ctx.of, input)),
});

export default function start(app) {
  return listen(app, (server) => {
    const wss = new WebSocketServer({ noServer: true });
    const options = { handshake: (_first, req) => handshake(ofSocket(req), req.url) };
    server.on("upgrade", session(app.all, options)(wss));
    applyWSSHandler({ wss, router, createContext: ({ req }) => ({ of: ofSocket(req) }) });
  });
}
