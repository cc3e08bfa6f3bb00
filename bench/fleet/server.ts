// node server.ts <connect-redis | galleta> <url>: Express with a session in Redis, over node-redis.
import { session as galletaSession } from "@galleta/session/express";
import { redisStore } from "@galleta/session/redis";
import { RedisStore } from "connect-redis";
import express, { type Request } from "express";
import expressSession from "express-session";
import { createClient } from "redis";
import { listening } from "../http/listening.ts";
import { SECRET } from "../http/views.ts";

const [, , kind, url = ""] = process.argv;
const client = await createClient({ url }).connect();
const app = express();
if (kind === "galleta") {
  app.use(
    galletaSession({
      secretKey: SECRET,
      store: redisStore(client),
      storage: "store",
      storeTimeout: 30,
    }),
  );
} else {
  const store = new RedisStore({ client });
  // The configuration from the documentation of connect-redis.
  const options = { store, secret: SECRET, resave: false, saveUninitialized: false };
  app.use(expressSession({ ...options, cookie: { maxAge: 14 * 24 * 3600 * 1000 } }));
}

interface Visit {
  user?: string;
  cart?: string;
  views?: number;
}
// Both libraries declare a type of `req.session`.
const sessionOf = (req: Request) => (req as unknown as { session: Visit }).session;

app.get("/login", (req, res) => {
  Object.assign(sessionOf(req), { user: "ada", cart: "x".repeat(300), views: 1 });
  res.json({});
});
app.get("/read", (req, res) => void res.json({ views: sessionOf(req).views }));
app.get("/write", (req, res) => {
  const of = sessionOf(req);
  of.views = (of.views ?? 0) + 1;
  res.json({ views: of.views });
});

const server = app.listen(0, "127.0.0.1", () => listening(server));
