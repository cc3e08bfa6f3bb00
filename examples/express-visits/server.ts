// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import express from "express";
import { destroy, renew } from "@galleta/session";
import { session } from "@galleta/session/express";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const app = express();
app.use(session({ secretKey: process.env["SECRET_KEY"] ?? "" }));

app.get("/", (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json({ visits: req.session.visits, user: req.session.user ?? null });
});

app.post("/login/:user", (req, res) => {
  renew(req.session);
  req.session.user = req.params.user;
  res.json({ user: req.session.user });
});

app.post("/logout", (req, res) => {
  destroy(req.session);
  res.json({ user: null });
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("listening on port", (server.address() as { port: number }).port);
});
