const data = `
import type { SessionData } from "@galleta/session";
declare module "@galleta/session" {
  interface SessionData {
    visits: number;
  }
}
`;

/** The same three facts for each framework: declared data has its type, and nothing else exists. */
const use = (session: string, more = "") => `
  const visits: number | undefined = ${session}.visits;
  ${session}.visits = (visits ?? 0) + 1;
  // @ts-expect-error -- it is a number
  ${session}.visits = "one";
  // @ts-expect-error -- nobody declared it
  void ${session}.undeclared;
  ${more}
`;

/** Assigning an object replaces the data, and null ends the session. */
const assign = (session: string) => use(session, `${session} = { visits: 1 }; ${session} = null;`);

/**
 * Programs that must compile, by the package whose types they need. Each is compiled alone, because
 * an app's declarations hold for a whole program.
 */
export const TYPED: Readonly<Record<string, string>> = {
  express: `${data}
import express from "express";
import { session } from "@galleta/session/express";
const app = express();
app.use(session({ secretKey: "" }));
app.get("/:id", (req, res) => {${assign("req.session")}
  res.json(req.params.id);
});`,
  "express-session": `${data}
import express from "express";
import session from "@galleta/session/express-session";
const app = express();
app.use(session({ secretKey: "" }));
app.get("/", (req, res) => {${assign("req.session")}
  req.session.regenerate((error: unknown) => void error).save();
  res.json([req.sessionID, req.session.cookie.expires, req.session.id]);
});`,
  fastify: `${data}
import Fastify from "fastify";
import { session } from "@galleta/session/fastify";
const app = Fastify();
await app.register(session({ secretKey: "" }));
app.get("/", (request) => {${assign("request.session")}
  return "typed";
});`,
  hono: `${data}
import { Hono } from "hono";
import { session } from "@galleta/session/hono";
const app = new Hono();
app.use(session({ secretKey: "" }));
app.get("/", (c) => {${use("c.var.session")}
  const same: number | undefined = c.get("session").visits;
  return c.json(same ?? 0);
});`,
  koa: `${data}
import Koa from "koa";
import { session } from "@galleta/session/koa";
const app = new Koa();
app.use(session({ secretKey: "" }));
app.use((ctx) => {${assign("ctx.session")}
  ctx.body = "typed";
});`,
  h3: `${data}
import { H3 } from "h3";
import { session } from "@galleta/session/h3";
const app = new H3();
app.register(session({ secretKey: "" }));
app.get("/", (event) => {${assign("event.context.session")}
  return "typed";
});`,
  node: `${data}
import { createServer } from "node:http";
import { session } from "@galleta/session/node";
createServer(session({ secretKey: "" })((req, res) => {${assign("req.session")}
  res.end(req.url ?? "");
}));`,
  fetch: `${data}
import { withSession } from "@galleta/session/fetch";
export default {
  fetch: withSession((request, context, env: { NAME: string }) => {${assign("context.session")}
    return new Response(env.NAME + request.url);
  }, { secretKey: "" }),
};`,
  ws: `${data}
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { session, sessionOf } from "@galleta/session/ws";
const wss = new WebSocketServer({ noServer: true });
const withSession = session({ secretKey: "" }, {
  handshake(of, req) {${use("of")}
    return req.url !== "/no";
  },
});
createServer().on("upgrade", withSession(wss));
wss.on("connection", (ws) => {${use("sessionOf(ws)")}
});`,
  "socket.io": `${data}
import { Server } from "socket.io";
import { session, sessionOf } from "@galleta/session/socket.io";
const io = new Server();
session({ secretKey: "" })(io);
io.on("connection", (socket) => {${use("sessionOf(socket)")}
});`,
  crossws: `${data}
import crossws from "crossws/adapters/node";
import { session, sessionOf } from "@galleta/session/crossws";
crossws({ hooks: session({ secretKey: "" })({
  upgrade(request, of) {${use("of")}
    return request.url === "" ? new Response() : undefined;
  },
  message(peer) {${use("sessionOf(peer)")}
  },
}) });`,
};
