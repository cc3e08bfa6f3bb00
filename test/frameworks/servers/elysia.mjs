// Elysia on Bun, behind the adapter for Fetch.
import { guardWebSocket, session, sessionOf } from "@galleta/session/fetch";
import { Elysia } from "elysia";
import { websocket } from "elysia/ws";
import { handshake, reply } from "../app.mjs";

export default function start({ sessions, http, record }) {
  const app = new Elysia()
    .onError(({ error }) => record(error))
    .ws("/ws", {
      beforeHandle({ request }) {
        const status = handshake(sessionOf(request), request.url);
        return status === undefined ? undefined : new Response(null, { status });
      },
      async message(ws, message) {
        const send = (text) => ws.send(text);
        send(await reply(sessionOf(ws.data.request), String(message), send));
      },
    })
    .get("/*", ({ request }) => http(request.url, () => sessionOf(request)))
    .compile();
  const fetch = session(sessions)((request, _context, server) => {
    if (request.headers.has("upgrade")) app.server ??= server;
    return app.handle(request);
  });
  const options = { port: 0, hostname: "127.0.0.1", fetch };
  return globalThis.Bun.serve({ ...options, websocket: guardWebSocket(websocket) }).port;
}
