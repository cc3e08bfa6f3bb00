// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { destroy, renew } from "@galleta/session";
import { session } from "@galleta/session/hono";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const app = new Hono();
app.use(session({ secretKey: process.env["SECRET_KEY"] ?? "" }));

app.get("/", (c) => {
  const { session } = c.var;
  session.visits = (session.visits ?? 0) + 1;
  return c.json({ visits: session.visits, user: session.user ?? null });
});

app.post("/login/:user", (c) => {
  renew(c.var.session);
  c.var.session.user = c.req.param("user");
  return c.json({ user: c.var.session.user });
});

app.post("/logout", (c) => {
  destroy(c.var.session);
  return c.json({ user: null });
});

const port = Number(process.env["PORT"] ?? 3000);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (info) => {
  console.log("listening on port", info.port);
});
