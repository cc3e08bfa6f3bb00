import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/express";
import { initTRPC } from "@trpc/server";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import express from "express";
import { ticks } from "../app.mjs";

const t = initTRPC.context().create();
const router = t.router({
  ticks: t.procedure.subscription(({ ctx }) => attachStream(ctx.session, ticks(ctx.session))),
});

export default async function start({ sessions, http }) {
  const app = express();
  app.use(session(sessions));
  const createContext = ({ req }) => ({ session: req.session });
  app.use("/trpc", createExpressMiddleware({ router, createContext }));
  app.get("/{*any}", async (req, res) => res.send(await http(req.url, () => req.session)));
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
