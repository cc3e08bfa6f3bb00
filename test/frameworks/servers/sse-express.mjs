import { Readable } from "node:stream";
import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/express";
import express from "express";
import { eventStream, SSE, writeEvents } from "../app.mjs";

export default async function start({ sessions, http }) {
  const app = express();
  app.use(session(sessions));
  app.get("/events", (req, res) => {
    attachStream(req.session, res);
    writeEvents(req.session, res);
  });
  app.get("/piped", (req, res) => {
    attachStream(req.session, res).writeHead(200, SSE);
    Readable.fromWeb(eventStream(req.session)).pipe(res);
  });
  app.get("/{*any}", async (req, res) => res.send(await http(req.url, () => req.session)));
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
