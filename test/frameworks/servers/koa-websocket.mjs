import { session } from "@galleta/session/koa";
import { guard } from "@galleta/session/ws";
import Koa from "koa";
import websocket from "koa-websocket";
import { handshake, ofObject, reply } from "../app.mjs";

export default async function start({ all, http }) {
  const app = websocket(new Koa());
  for (const each of all) app.use(session(each));
  app.use(async (ctx) => {
    ctx.body = await http(ctx.url, ofObject(ctx));
  });
  for (const each of all) app.ws.use(session(each));
  app.ws.use((ctx) => {
    const send = (text) => ctx.websocket.send(text);
    ctx.websocket.on("message", async (data) =>
      send(await reply(ofObject(ctx), String(data), send)),
    );
  });
  const server = app.listen(0, "127.0.0.1");
  guard(app.ws.server, all, {
    handshake: (_first, req) => handshake(ofObject(req), req.url),
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return server.address().port;
}
