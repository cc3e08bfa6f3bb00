// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import Koa from "koa";
import { renew } from "@galleta/session";
import { session } from "@galleta/session/koa";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const app = new Koa();
app.use(session({ secretKey: process.env["SECRET_KEY"] ?? "" }));

app.use((ctx) => {
  const [, action, user] = ctx.path.split("/");
  if (ctx.method === "POST" && action === "login") {
    renew(ctx.session);
    ctx.session.user = user ?? "";
    ctx.body = { user };
  } else if (ctx.method === "POST" && action === "logout") {
    ctx.session = null;
    ctx.body = { user: null };
  } else {
    ctx.session.visits = (ctx.session.visits ?? 0) + 1;
    ctx.body = { visits: ctx.session.visits, user: ctx.session.user ?? null };
  }
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("listening on port", (server.address() as { port: number }).port);
});
