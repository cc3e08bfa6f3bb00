// An app on express-session with one of its stores, and the same app on ours, which reads that store.
import ConnectMongo from "connect-mongo";
import connectPg from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import cookies from "@fastify/cookie";
import fastifySession from "@fastify/session";
import Fastify from "fastify";
import memorystore from "memorystore";
import pg from "pg";
import { createClient } from "redis";
import fileStore from "session-file-store";
import { destroy } from "@galleta/session";
import { session as ourSession } from "@galleta/session/express";
import ourFastifySession from "@galleta/session/fastify-session";
import { expressSession } from "@galleta/session/formats/express-session";
import { makeCollection } from "../support/mongo-collection.ts";

export const secret = "the old secret, which is not ours";
const secretKey = "a secret key of the new app, long enough";

/** Each store, as its documentation makes it. `end` lets go of its connection. */
export const stores = {
  "express-session's MemoryStore": async () => ({ store: new session.MemoryStore() }),
  memorystore: async () => ({ store: new (memorystore(session))({}) }),
  "session-file-store": async ({ folder }) => ({
    store: new (fileStore(session))({ path: folder, logFn() {}, reapInterval: -1 }),
  }),
  "connect-redis": async ({ redisUrl }) => {
    const client = await createClient({ url: redisUrl }).connect();
    return { store: new RedisStore({ client }), end: () => client.close() };
  },
  "connect-pg-simple": async ({ postgresUrl }) => {
    const pool = new pg.Pool({ connectionString: postgresUrl });
    const store = new (connectPg(session))({ pool, createTableIfMissing: true });
    return { store, end: () => (store.close(), pool.end()) };
  },
  "connect-mongo, on a collection in memory": async () => ({
    store: ConnectMongo.create({ client: clientInMemory(), touchAfter: 0 }),
  }),
};

/** What connect-mongo calls of a client: no MongoDB server comes from npm or Debian. */
function clientInMemory() {
  const collection = makeCollection();
  const database = { collection: () => collection };
  return { db: () => database, close: async () => {}, on() {} };
}

/** What both apps do. */
function views(app) {
  app.get("/login", ({ session, query }, res) => {
    session.user = query.user;
    session.cart = { items: [query.user, 1, null] };
    res.end("hello");
  });
  app.get("/", ({ session }, res) => res.json({ user: session.user, cart: session.cart }));
  app.get("/logout", (req, res) => {
    destroy(req.session);
    res.end("bye");
  });
  app.use((error, _req, res, _next) => res.status(error.status ?? 500).json(error.code));
  return app;
}

export const oldApp = (store, more) =>
  views(
    express().use(session({ secret, store, resave: false, saveUninitialized: false, ...more })),
  );

export const newApp = (store, { formats, ...more } = {}) =>
  views(
    express().use(
      ourSession({ secretKey, formats: [expressSession({ secret, store, ...formats })], ...more }),
    ),
  );

/** The same on Fastify, with the stores of express-session too. */
async function fastifyApp(register) {
  const app = Fastify();
  await register(app);
  app.get("/login", ({ session, query }) => {
    session.user = query.user;
    session.cart = { items: [query.user, 1, null] };
    return "hello";
  });
  app.get("/", ({ session }) => ({ user: session.user, cart: session.cart }));
  await app.ready();
  return (req, res) => app.routing(req, res);
}

const fastifySecret = `${secret}, and longer`;
const cookie = { secure: false, maxAge: 3_600_000 };

export const oldFastifyApp = (store) =>
  fastifyApp(async (app) => {
    await app.register(cookies);
    await app.register(fastifySession, { secret: fastifySecret, store, cookie });
  });

export const newFastifyApp = (store) => {
  const its = { sessionCookie: "sessionId", cookiePrefix: "" };
  const old = expressSession({ secret: fastifySecret, store, ...its });
  return fastifyApp((app) => app.register(ourFastifySession({ secretKey, formats: [old] })));
};
