import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { WebSocketServer } from "ws";
import type { SessionOptions } from "../../packages/session/src/set-up.ts";
import { createSessions } from "../../packages/session/src/sessions.ts";
import type { JsonObject } from "../../packages/session/src/session/format.ts";
import type { RequestFacts } from "../../packages/session/src/session/request.ts";
import { failed, listen, readBody, type Neighbour } from "./neighbour.ts";

/** The key of our own cookies; the neighbours' are in their formats. */
const OWN_KEY = "Galleta's own key in these tests, of more than 32 characters";

const factsOf = (request: IncomingMessage): RequestFacts => ({
  method: request.method ?? "GET",
  target: request.url ?? "/",
  header: (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  },
  encrypted: false,
  remoteAddress: request.socket.remoteAddress,
});

/**
 * Our side: the engine on plain node:http and ws. `PUT /session` replaces the session with the
 * body, `GET /session` returns it, and so does the first message of the WebSocket `/feed`.
 */
export async function startOurs(options: Omit<SessionOptions, "secretKey">): Promise<Neighbour> {
  const sessions = createSessions<JsonObject>({ secretKey: OWN_KEY, ...options });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const facts = factsOf(request);
    if (sessions.check(facts) !== undefined) {
      response.writeHead(403).end();
      return;
    }
    const context = sessions.open(request.headers.cookie, facts);
    if (request.method === "PUT") {
      context.session = JSON.parse(await readBody(request)) as JsonObject;
    }
    const body = JSON.stringify(context.session);
    const commit = await context.commit();
    response.setHeader("set-cookie", [...commit.setCookie]);
    response.setHeader("content-type", "application/json");
    response.end(body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => failed(response, error));
  });
  const sockets = new WebSocketServer({ server, path: "/feed" });
  sockets.on("connection", (socket, request) => {
    socket.send(JSON.stringify(sessions.open(request.headers.cookie, factsOf(request)).session));
    socket.close();
  });
  return listen(server);
}
