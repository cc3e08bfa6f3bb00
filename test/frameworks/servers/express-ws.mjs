import { session } from "@galleta/session/express";
import { guard } from "@galleta/session/ws";
import express from "express";
import expressWs from "express-ws";
import { handshake, ofObject, reply } from "../app.mjs";

export default async function start({ all, http }) {
  const app = express();
  const { getWss } = expressWs(app);
  guard(getWss(), all, { handshake: (_first, req) => handshake(ofObject(req), req.url) });
  for (const each of all) app.use(session(each));
  app.ws("/ws", (ws, req) => {
    const send = (text) => ws.send(text);
    ws.on("message", async (data) => send(await reply(ofObject(req), String(data), send)));
  });
  app.get("/{*any}", async (req, res) => res.send(await http(req.url, ofObject(req))));
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
