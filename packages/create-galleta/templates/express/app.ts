import { once } from "node:events";
import express from "express";
import { destroy, flash, renew } from "@galleta/session";
import { session } from "@galleta/session/express";
import { page } from "./page.ts";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
  }
}

const app = express();
app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
app.use(express.urlencoded());

app.get("/", (req, res) => {
  res.send(page(req.session.user, flash(req.session, "notice")));
});

app.post("/login", (req, res) => {
  // Check a password or a passkey here. `renew` gives the session another id.
  renew(req.session);
  req.session.user = String(req.body?.user ?? "");
  flash(req.session, "notice", "Good to see you.");
  res.redirect(303, "/");
});

app.post("/logout", (req, res) => {
  destroy(req.session);
  res.redirect(303, "/");
});

export async function serve(port: number) {
  const server = app.listen(port);
  await once(server, "listening");
  return server;
}
