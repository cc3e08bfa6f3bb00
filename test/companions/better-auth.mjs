// An app of better-auth with sockets: one of several processes that share a database and Redis.
import { createServer } from "node:http";
import { liveSockets } from "@galleta/session/live-sockets";
import { redisBackplane } from "@galleta/session/redis";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import Database from "better-sqlite3";
import { Redis } from "ioredis";
import { WebSocketServer } from "ws";

const { DATABASE, REDIS_URL } = process.env;
const live = liveSockets({ backplane: redisBackplane(new Redis(REDIS_URL)) });

const auth = betterAuth({
  secret: "a key for tests of more than thirty-two characters",
  baseURL: "http://127.0.0.1",
  trustedOrigins: ["http://127.0.0.1:*"],
  database: new Database(DATABASE),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  // The cache that accepts a revoked session for five minutes.
  session: { cookieCache: { enabled: true, maxAge: 300 } },
  databaseHooks: { session: { delete: { after: ({ id }) => live.end(id) } } },
});

const server = createServer(toNodeHandler(auth));
const wss = new WebSocketServer({ noServer: true });

server.on("upgrade", async (req, socket, head) => {
  const found = await auth.api.getSession({
    headers: fromNodeHeaders(req.headers),
    query: { disableCookieCache: true },
  });
  if (found === null) {
    socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
    return;
  }
  wss.handleUpgrade(req, socket, head, (ws) => {
    const { id, userId, expiresAt, createdAt } = found.session;
    const handle = live.attachSocket({ id, user: userId, expiresAt, createdAt }, ws);
    ws.on("close", () => handle?.detach());
    ws.on("message", () => ws.send(found.user.name));
  });
});

if (process.env.MIGRATE === "1") {
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
}
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit(0));
