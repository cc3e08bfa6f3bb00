import { Readable } from "node:stream";
import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/fastify";
import Fastify from "fastify";
import { eventStream } from "../app.mjs";

export default async function start({ sessions, http }) {
  const app = Fastify();
  await app.register(session(sessions));
  app.get("/events", (request, reply) => {
    attachStream(request.session, reply.raw);
    reply.type("text/event-stream").send(Readable.fromWeb(eventStream(request.session)));
  });
  app.get("/*", (request) => http(request.url, () => request.session));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}
