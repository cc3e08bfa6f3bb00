import { session } from "@galleta/session/express";
import { guard } from "@galleta/session/ws";
import express from "express";
import expressWs from "express-ws";
import { handshake, reply } from "../app.mjs";

export default async function start({ sessions, http }) {
  const app = express();
  const { getWss } = expressWs(app);
  guard(getWss(), sessions, { handshake: (of, req) => handshake(of, req.url) });
  app.use(session(sessions));
  app.ws("/ws", (ws, req) => {
    const send = (text) => ws.send(text);
    ws.on("message", async (data) => send(await reply(req.session, String(data), send)));
  });
  app.get("/{*any}", async (req, res) => res.send(await http(req.url, () => req.session)));
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
