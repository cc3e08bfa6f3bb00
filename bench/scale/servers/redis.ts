// node redis.ts SOCKET: one of several processes that share their sessions through Redis.
import { redisBackplane, redisStore } from "@galleta/session/redis";
import { App, configure, serve } from "galleta";
import { Redis } from "ioredis";
import { login, SECRET, userOf, type Visit } from "../../http/views.ts";

const client = new Redis(process.argv[2] ?? "");
const app = new App<Visit>();
const [store, backplane] = [redisStore(client), redisBackplane(client)];
configure(app, { SESSIONS: { secretKey: SECRET, store, backplane } });
app.route("/login", (req, res) => {
  res.json = login(req.session, userOf(req.url.search));
});
app.route("/revoke", (req, res) => {
  req.session = null;
  res.json = {};
});
app.websocketRoute("/live", async (ws) => {
  if (ws.session.user === undefined) return ws.reject(403);
  for await (const message of ws) await ws.send(message);
});
const { port } = await serve(app, { port: 0 });
console.log(`PORT ${port}`);
