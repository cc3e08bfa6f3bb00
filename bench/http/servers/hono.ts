// node hono.ts [off | headers | signed | encrypted]
import { session } from "@galleta/session/hono";
import { serve } from "@hono/node-server";
import { Hono, type Context } from "hono";
import type { Server } from "node:net";
import { listening } from "../listening.ts";
import { login, PLAIN, read, SECRET, threeHeaders, userOf, write, type Visit } from "../views.ts";

const mode = process.argv[2];
const app = new Hono();
if (mode === "headers") {
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(threeHeaders())) c.res.headers.set(name, value);
  });
}
if (mode === "signed" || mode === "encrypted") {
  app.use(session({ secretKey: SECRET, encrypt: mode === "encrypted" }));
}

const sessionOf = (c: Context) =>
  (c as unknown as { var: { session: Partial<Visit> } }).var.session;

app.get("/plain", (c) => c.json(PLAIN));
app.get("/login", (c) => c.json(login(sessionOf(c), userOf(c.req.url))));
app.get("/read", (c) => c.json(read(sessionOf(c))));
app.get("/write", (c) => c.json(write(sessionOf(c))));

const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
  listening(server as Server),
);
