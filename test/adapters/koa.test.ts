import { createServer } from "node:http";
import { Readable } from "node:stream";
import Koa from "koa";
import { session } from "@galleta/session/koa";
import type { LazySessions } from "@galleta/session/adapter";
import { answer } from "./app.ts";
import { conformance } from "./conformance.ts";
import { expect, it } from "vitest";
import { SECRET } from "./harness.ts";
import { codeOf, deferred, listen } from "./harnesses/listen.ts";
import { ask } from "./wire.ts";

async function view(ctx: Koa.Context): Promise<void> {
  const { status, headers, body } = await answer({
    path: ctx.path,
    query: new URLSearchParams(ctx.querystring),
    get session() {
      return ctx.session as never;
    },
    set session(value) {
      ctx.session = value as never;
    },
    get prefs() {
      return ctx["prefs"] as Record<string, unknown>;
    },
    native: ctx,
    async text() {
      let text = "";
      for await (const chunk of ctx.req.setEncoding("utf8")) text += chunk as string;
      return text;
    },
  });
  for (const [name, value] of headers ?? []) ctx.append(name, value);
  ctx.status = status ?? 200;
  if (body !== undefined) ctx.body = typeof body === "object" ? Readable.from(body) : body;
}

function build(...all: (LazySessions | undefined)[]): Koa {
  const app = new Koa();
  app.silent = true;
  // Koa answers an error with its message where that is exposed.
  app.use(async (_ctx, next) => {
    try {
      await next();
    } catch (error) {
      throw Object.assign(new Error(codeOf(error), { cause: error }), {
        status: 500,
        expose: true,
      });
    }
  });
  for (const given of all) if (given !== undefined) app.use(session(given));
  app.use(view);
  return app;
}

const start = (app: Koa) => listen(createServer(app.callback()));

conformance({
  name: "koa",
  start: async (given, beside) => start(build(given, beside)),
  startTwice: async (given) => start(build(given, given)),
  async wrongOrder(given) {
    const told = deferred<unknown>();
    const app = new Koa();
    app.silent = true;
    app.use(async (ctx, next) => {
      ctx.respond = false;
      ctx.res.write("begun");
      await next().catch(told.resolve);
      ctx.res.end();
    });
    app.use(session(given));
    const running = await start(app);
    await ask(running.origin, "/read");
    await running.close();
    return told.promise;
  },
});

it("compares csrf.exempt with the whole path if the session is inside a mount", async () => {
  const app = new Koa();
  // What koa-mount does: it cuts the path for the middleware inside.
  app.use(async (ctx, next) => {
    ctx.path = ctx.path.slice("/api".length);
    await next();
  });
  app.use(session({ secretKey: SECRET, csrf: { exempt: ["/api/hook"] }, onEvent: () => {} }));
  app.use((ctx) => {
    ctx.body = ctx.path;
  });
  const running = await listen(createServer(app.callback()));
  const headers = { origin: "https://evil.example" };
  const send = (path: string) => ask(running.origin, path, { method: "POST", headers });
  expect(await send("/api/hook")).toMatchObject({ status: 200, body: "/hook" });
  expect((await send("/api/other")).status).toBe(403);
  await running.close();
});

it.each([
  ["answers", () => undefined],
  ["throws", (ctx: Koa.Context) => ctx.throw(404)],
  ["has begun its answer", (ctx: Koa.Context) => void ctx.res.write("begun")],
])("says that ctx.session.maxAge is no lifetime, where the handler %s", async (_how, go) => {
  const app = new Koa();
  app.silent = true;
  const errors: unknown[] = [];
  app.on("error", (error) => errors.push(error));
  app.use(session({ secretKey: SECRET }));
  app.use((ctx) => {
    ctx.session["user"] = "ann";
    if (ctx.path === "/maxage") {
      ctx.session["maxAge"] = 60_000;
      go(ctx);
    }
    ctx.body = JSON.stringify(ctx.session);
  });
  const served = await start(app);
  const kept = await fetch(`${served.origin}/`);
  expect(await kept.json()).toEqual({ user: "ann" });
  const refused = await fetch(`${served.origin}/maxage`);
  const cookie = refused.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const read = await fetch(`${served.origin}/`, { headers: { cookie } });
  await served.close();
  expect(refused.status).toBe(500);
  expect(errors).toContainEqual(expect.objectContaining({ code: "ERR_SESSION_OPTION" }));
  expect(await read.json()).toEqual({ user: "ann" });
});
