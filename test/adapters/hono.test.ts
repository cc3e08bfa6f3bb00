import { createAdaptorServer } from "@hono/node-server";
import { Hono, type Context } from "hono";
import { session } from "@galleta/session/hono";
import type { LazySessions } from "@galleta/session/adapter";
import { conformance } from "./conformance.ts";
import { respond } from "./harnesses/fetch.ts";
import { codeOf, listen } from "./harnesses/listen.ts";

function build(...all: (LazySessions | undefined)[]): Hono {
  const app = new Hono();
  for (const given of all) if (given !== undefined) app.use(session(given));
  app.all("*", (c) => respond(c.req.raw, holder(c), () => c.req.text(), c));
  app.onError((error, c) => c.text(codeOf(error), 500));
  return app;
}

const holder = (c: Context) => ({
  get session(): Record<string, unknown> {
    return c.var.session;
  },
  set session(value: Record<string, unknown> | null) {
    c.set("session", value as never);
  },
  get prefs() {
    return c.get("prefs" as never) as Record<string, unknown>;
  },
});

const start = (app: Hono) => listen(createAdaptorServer({ fetch: app.fetch }) as never);

conformance({
  name: "hono",
  start: async (given, beside) => start(build(given, beside)),
  startTwice: async (given) => start(build(given, given)),
  async wrongOrder(given) {
    let told: unknown;
    const app = new Hono();
    // A variable that was set first would be lost.
    app.use(async (c, next) => {
      c.set("session", { of: "another middleware" } as object);
      await next();
    });
    app.use(session(given));
    app.onError((error, c) => {
      told = error;
      return c.text("failed", 500);
    });
    await app.request("/read");
    return told;
  },
});
