// Elysia on Bun, behind the adapter for Fetch.
import { guardWebSocket, session, sessionOf } from "@galleta/session/fetch";
import { Elysia } from "elysia";
import { websocket } from "elysia/ws";
import { handshake, inAll, reply } from "../app.mjs";

const ofRequest = (request) => (property) => sessionOf(request, property);

export default function start({ all, http, record }) {
  const app = new Elysia()
    .onError(({ error }) => record(error))
    .ws("/ws", {
      beforeHandle({ request }) {
        const status = handshake(ofRequest(request), request.url);
        return status === undefined ? undefined : new Response(null, { status });
      },
      async message(ws, message) {
        const send = (text) => ws.send(text);
        send(await reply(ofRequest(ws.data.request), String(message), send));
      },
    })
    .get("/*", ({ request }) => http(request.url, ofRequest(request)))
    .compile();
  const fetch = inAll(all, session, (request, _context, server) => {
    if (request.headers.has("upgrade")) app.server ??= server;
    return app.handle(request);
  });
  const options = { port: 0, hostname: "127.0.0.1", fetch };
  return globalThis.Bun.serve({ ...options, websocket: guardWebSocket(websocket) }).port;
}
