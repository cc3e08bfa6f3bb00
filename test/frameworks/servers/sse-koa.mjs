import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/koa";
import Koa from "koa";
import { eventStream } from "../app.mjs";

export default async function start({ sessions, http, record }) {
  const app = new Koa();
  app.use(session(sessions));
  app.use(async (ctx) => {
    if (ctx.path !== "/events") {
      ctx.body = await http(ctx.url, () => ctx.session);
      return;
    }
    ctx.type = "text/event-stream";
    ctx.body = attachStream(ctx.session, eventStream(ctx.session));
  });
  // Koa reports every client that leaves.
  app.on("error", (error) => error.code === "ERR_STREAM_PREMATURE_CLOSE" || record(error));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return server.address().port;
}
