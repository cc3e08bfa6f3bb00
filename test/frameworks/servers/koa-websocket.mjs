import { session } from "@galleta/session/koa";
import { guard } from "@galleta/session/ws";
import Koa from "koa";
import websocket from "koa-websocket";
import { handshake, reply } from "../app.mjs";

export default async function start({ sessions, http }) {
  const app = websocket(new Koa());
  app.use(session(sessions));
  app.use(async (ctx) => {
    ctx.body = await http(ctx.url, () => ctx.session);
  });
  app.ws.use(session(sessions));
  app.ws.use((ctx) => {
    const send = (text) => ctx.websocket.send(text);
    ctx.websocket.on("message", async (data) => send(await reply(ctx.session, String(data), send)));
  });
  const server = app.listen(0, "127.0.0.1");
  guard(app.ws.server, sessions, { handshake: (of, req) => handshake(of, req.url) });
  await new Promise((resolve) => server.once("listening", resolve));
  return server.address().port;
}
