import { guardUpgrade, session } from "@galleta/session/hono";
import { Hono } from "hono";
import { handshake, ofObject, reply } from "../app.mjs";
import { serveFetch } from "../serve-fetch.mjs";

/** Hono's helper for sockets of this runtime, and what its server needs. */
export async function hostOf() {
  if ("Bun" in globalThis) {
    const { upgradeWebSocket, websocket } = await import("hono/bun");
    return { upgradeWebSocket, more: { websocket } };
  }
  if ("Deno" in globalThis) return import("hono/deno");
  const { upgradeWebSocket } = await import("@hono/node-server-2");
  const { WebSocketServer } = await import("ws");
  const more = () => ({ websocket: { server: new WebSocketServer({ noServer: true }) } });
  return { upgradeWebSocket, more };
}

export function makeHono({ all, http, record }, upgradeWebSocket, app = new Hono()) {
  const upgrade = guardUpgrade(upgradeWebSocket);
  for (const each of all) app.use(session(each));
  app.use("/ws", async (c, next) => {
    const status = handshake(ofObject(c.var), c.req.url);
    return status === undefined ? next() : c.body(null, status);
  });
  app.get(
    "/ws",
    upgrade((c) => ({
      async onMessage(event, ws) {
        const send = (text) => ws.send(text);
        send(await reply(ofObject(c.var), String(event.data), send));
      },
    })),
  );
  app.get("*", async (c) => c.html(await http(c.req.url, ofObject(c.var))));
  app.onError((error, c) => {
    record(error);
    return c.text("failed", 500);
  });
  return app;
}

export default async function start(app) {
  const { upgradeWebSocket, more = {} } = await hostOf();
  const { fetch } = makeHono(app, upgradeWebSocket);
  return serveFetch(fetch, typeof more === "function" ? more() : more);
}
