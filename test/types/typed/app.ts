// The data type of the sessions reaches the handlers, and an app's exports can be named in its
// declarations.
import { createSessions } from "@galleta/session";
import { session as crossws } from "@galleta/session/crossws";
import { session as express } from "@galleta/session/express";
import expressSession from "@galleta/session/express-session";
import { session as fastify } from "@galleta/session/fastify";
import { session as fetch, withSession } from "@galleta/session/fetch";
import { session as h3 } from "@galleta/session/h3";
import { session as hono, type SessionEnv } from "@galleta/session/hono";
import { session as koa } from "@galleta/session/koa";
import { session as node } from "@galleta/session/node";
import { session as socketIo } from "@galleta/session/socket.io";
import { session as ws } from "@galleta/session/ws";
import expressApp from "express";
import createFastify from "fastify";
import { H3 } from "h3";
import { Hono } from "hono";
import Koa from "koa";
import { WebSocketServer } from "ws";
import type { Equal } from "../equal.ts";

interface Data {
  visits: number;
}

export const sessions = createSessions<Data>({ secretKey: "" });

export const forExpress = express(sessions);
export const forExpressSession = expressSession(sessions);
export const forFastify = fastify(sessions);
export const forH3 = h3(sessions);
export const forHono = hono(sessions);
export const forKoa = koa(sessions);
export const forNode = node(sessions);
export const forFetch = fetch(sessions);
export const forWs = ws(sessions);
export const onUpgrade = forWs(new WebSocketServer({ noServer: true }));
export const forSocketIo = socketIo(sessions);
export const forCrossws = crossws(sessions);
export const hooks = forCrossws({});

const seen = <Seen>(_value: Seen): Equal<Seen, number | undefined> => true as never;

export const honoApp = new Hono().use(forHono).get("/", (c) => {
  seen(c.var.session.visits) satisfies true;
  return c.json(c.get("session").visits ?? 0);
});

// Where a framework has one type of request, the sessions give theirs.
expressApp().get("/", (req) => void (seen(sessions.of(req).visits) satisfies true));
createFastify().get("/", (request) => void (seen(sessions.of(request).visits) satisfies true));
new H3().get("/", (event) => void (seen(sessions.of(event).visits) satisfies true));
// @ts-expect-error -- not declared
expressApp().get("/", (req) => void sessions.of(req).user);

// Hono has one type for `get` and `set`, so `destroy(c.var.session)` ends a session.
new Hono<SessionEnv<Data>>().use(forHono).get("/", (c) => {
  c.set("session", { visits: 1 });
  // @ts-expect-error -- null, which other frameworks accept
  c.set("session", null);
  return c.body(null);
});

const declared = new Hono<SessionEnv<Data>>();
declared.use(forHono);
declared.get("/", (c) => c.json(c.var.session.visits ?? 0));

export const koaApp = new Koa().use(forKoa).use((ctx) => {
  seen(ctx.session.visits) satisfies true;
  ctx.session = { visits: 1 };
  ctx.session = null;
});

export const listener = forNode((req, res) => {
  seen(req.session.visits) satisfies true;
  res.statusCode = 204;
});

export const handler = forFetch((_request, context) => {
  seen(context.session.visits) satisfies true;
  return Response.json({});
});
handler(new Request("http://localhost")) satisfies Promise<Response>;

// As in Bun's manual: undefined after server.upgrade().
export const upgrading = withSession(
  (request, _context, server: { upgrade(request: Request): boolean }) =>
    server.upgrade(request) ? undefined : new Response("no socket"),
  sessions,
);
upgrading(new Request("http://localhost"), { upgrade: () => true }) satisfies Promise<
  Response | undefined
>;
