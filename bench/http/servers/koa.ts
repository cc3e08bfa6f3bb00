// node koa.ts [off | headers | signed | encrypted]
import { session as galletaSession } from "@galleta/session/koa";
import Koa, { type Context } from "koa";
import { listening } from "../listening.ts";
import { login, PLAIN, read, SECRET, threeHeaders, userOf, write, type Visit } from "../views.ts";

const mode = process.argv[2];
const app = new Koa();
if (mode === "headers") {
  app.use(async (ctx, next) => {
    await next();
    ctx.set(threeHeaders());
  });
}
if (mode === "signed" || mode === "encrypted") {
  app.use(galletaSession({ secretKey: SECRET, encrypt: mode === "encrypted" }));
}

const sessionOf = (ctx: Context) => (ctx as unknown as { session: Partial<Visit> }).session;
const views: Readonly<Record<string, (ctx: Context) => unknown>> = {
  "/plain": () => PLAIN,
  "/login": (ctx) => login(sessionOf(ctx), userOf(ctx.url)),
  "/read": (ctx) => read(sessionOf(ctx)),
  "/write": (ctx) => write(sessionOf(ctx)),
};
app.use((ctx) => {
  ctx.body = views[ctx.path]?.(ctx);
});

const server = app.listen(0, "127.0.0.1", () => listening(server));
