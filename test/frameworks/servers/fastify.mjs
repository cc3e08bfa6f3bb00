import websocket from "@fastify/websocket";
import { session } from "@galleta/session/fastify";
import Fastify from "fastify";
import { handshake, ofObject, reply } from "../app.mjs";

export default async function start({ all, http, record }) {
  const app = Fastify();
  for (const each of all) await app.register(session(each));
  await app.register(websocket);
  app.addHook("preValidation", async (request, answer) => {
    const status = request.ws ? handshake(ofObject(request), request.url) : undefined;
    if (status !== undefined) return answer.code(status).send({});
  });
  app.get("/ws", { websocket: true }, (ws, request) => {
    const send = (text) => ws.send(text);
    ws.on("message", async (data) => send(await reply(ofObject(request), String(data), send)));
  });
  app.get("/*", (request, answer) => {
    answer.type("text/html");
    return http(request.url, ofObject(request));
  });
  app.setErrorHandler((error, _request, answer) => {
    record(error);
    return answer.code(500).send("failed");
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}
