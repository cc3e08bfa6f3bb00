import { once } from "node:events";
import { serve as listen } from "@hono/node-server";
import { Hono } from "hono";
import { destroy, flash, renew } from "@galleta/session";
import { session } from "@galleta/session/hono";
import { page } from "./page.ts";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
  }
}

const app = new Hono();
app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));

app.get("/", (c) => c.html(page(c.var.session.user, flash(c.var.session, "notice"))));

app.post("/login", async (c) => {
  const { user } = await c.req.parseBody();
  // Check a password or a passkey here. `renew` gives the session another id.
  renew(c.var.session);
  c.var.session.user = String(user ?? "");
  flash(c.var.session, "notice", "Good to see you.");
  return c.redirect("/", 303);
});

app.post("/logout", (c) => {
  destroy(c.var.session);
  return c.redirect("/", 303);
});

export async function serve(port: number) {
  const server = listen({ fetch: app.fetch, port });
  if (!server.listening) await once(server, "listening");
  return server;
}
