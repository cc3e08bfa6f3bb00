import { inspect } from "node:util";
import { describe as describeSession, renew, type SessionOptions } from "@galleta/session";
import { session } from "@galleta/session/koa";
import Koa, { type Context } from "koa";
import { describe, expect, it, vi } from "vitest";
import { SECRET, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";
import { during, type Asking } from "./app.ts";

// The requirements of koa-session's own tests, for the Koa adapter with mapped options.
// docs/adapters/koa.md lists the differences, with reasons.

type Data = Record<string, unknown>;
type View = (ctx: Context, next: () => Promise<unknown>) => unknown;
const dataOf = (ctx: Context) => ctx.session as unknown as Data;

function serve(
  view: View,
  test: (ask: Asking, jar: Jar) => Promise<void>,
  options: Partial<SessionOptions> = {},
  prepare: (app: Koa) => void = () => {},
) {
  const app = new Koa();
  app.silent = true;
  prepare(app);
  app.use(session({ ...withEvents().options, ...options }) as never);
  app.use(view as never);
  return during(app.callback() as never, (ask) => test(ask, new Jar()));
}

const holder = (ctx: Context) => ctx as unknown as { session: unknown };
const views: Record<string, (ctx: Context) => unknown> = {
  "/untouched": () => 0,
  "/read": (ctx) => dataOf(ctx)["message"],
  "/set": (ctx) => (dataOf(ctx)["message"] = "hello; koa"),
  "/other": (ctx) => (dataOf(ctx)["message"] = "other"),
  "/empty": (ctx) => (holder(ctx).session = {}),
  "/object": (ctx) => (holder(ctx).session = { message: "hello" }),
  "/null": (ctx) => (holder(ctx).session = null),
  "/text": (ctx) => (holder(ctx).session = "aklsjdfklasjdf"),
  "/function": (ctx) => (dataOf(ctx)["message"] = () => 1),
  "/regenerate": (ctx) => renew(ctx.session),
};
const show: View = (ctx) => {
  views[ctx.path]?.(ctx);
  if (ctx.path !== "/untouched") ctx.body = { ...dataOf(ctx) };
};

describe("Set-Cookie", () => {
  it.each([
    ["untouched", 0],
    ["read", 0],
    ["set", 1],
    ["empty", 0],
    ["object", 1],
  ])("of a new session that is %s: %i", (path, count) =>
    serve(show, async (ask) => expect((await ask(`/${path}`)).setCookie).toHaveLength(count)),
  );

  it.each([
    ["untouched", 0],
    ["read", 0],
    ["set", 0],
    ["other", 1],
    ["null", 1],
  ])("of a saved session that is %s: %i", (path, count) =>
    serve(show, async (ask, jar) => {
      await ask("/set", { jar });
      expect((await ask(`/${path}`, { jar })).setCookie).toHaveLength(count);
    }),
  );

  it("has one line with the signature, also when the session ends", () =>
    serve(show, async (ask, jar) => {
      expect((await ask("/set", { jar })).setCookie).toHaveLength(1);
      const { setCookie } = await ask("/null", { jar });
      expect(setCookie).toHaveLength(1);
      expect(setCookie[0]).toMatch(/^session=; Max-Age=0; Expires=Thu, 01 Jan 1970/);
    }));

  it.each(["none", "lax", "strict"] as const)("carries sameSite: %s", (sameSite) =>
    serve(
      show,
      async (ask) => {
        const { setCookie } = await ask("/set");
        expect(setCookie[0]?.toLowerCase()).toContain(`samesite=${sameSite}`);
      },
      { sameSite, httpsOnly: true },
    ),
  );

  it("has no Max-Age with maxAge: null, at the first change and at later ones", () =>
    serve(
      show,
      async (ask, jar) => {
        for (const path of ["/set", "/other"]) {
          const { setCookie } = await ask(path, { jar });
          expect(setCookie[0]).not.toMatch(/max-age|expires/i);
        }
      },
      { maxAge: null },
    ));
});

describe("a session", () => {
  it("may hold a semicolon", () =>
    serve(show, async (ask, jar) => {
      await ask("/set", { jar });
      expect((await ask("/read", { jar })).body).toBe('{"message":"hello; koa"}');
    }));

  it("is empty after null, also in the same request", () =>
    serve(show, async (ask, jar) => {
      await ask("/set", { jar });
      expect((await ask("/null", { jar })).body).toBe("{}");
      expect((await ask("/read", { jar })).body).toBe("{}");
    }));

  it("is a new one if the cookie is malformed", () =>
    serve(show, async (ask) => {
      for (const value of ["invalid-session", "e30=", "", "%7B%7D"]) {
        const { status, body } = await ask("/read", { headers: { cookie: `session=${value}` } });
        expect({ status, body }).toEqual({ status: 200, body: "{}" });
      }
    }));

  it.each(["/text", "/function"])("a value that JSON cannot carry is a 500: %s", (path) =>
    serve(show, async (ask) => {
      const { status, setCookie } = await ask(path);
      expect({ status, setCookie }).toEqual({ status: 500, setCookie: [] });
    }),
  );

  it("shows its data to inspect, and its size to Object.keys", () =>
    serve(
      (ctx) => {
        const before = Object.keys(ctx.session).length;
        dataOf(ctx)["foo"] = "bar";
        ctx.body = [inspect({ ...ctx.session }), before, Object.keys(ctx.session).length];
      },
      async (ask) => expect(JSON.parse((await ask("/")).body)).toEqual(["{ foo: 'bar' }", 0, 1]),
    ));

  it("has a new id and the same data after renew", () =>
    serve(
      (ctx) => {
        views[ctx.path]?.(ctx);
        ctx.body = { id: describeSession(ctx.session).id, ...dataOf(ctx) };
      },
      async (ask, jar) => {
        const one = JSON.parse((await ask("/set", { jar })).body) as Data;
        const two = JSON.parse((await ask("/regenerate", { jar })).body) as Data;
        const three = JSON.parse((await ask("/read", { jar })).body) as Data;
        expect(two).toEqual(three);
        expect([two["message"], two["id"] === one["id"]]).toEqual(["hello; koa", false]);
      },
    ));

  it("ends on the server, whatever the client sends", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      await serve(
        show,
        async (ask, jar) => {
          await ask("/set", { jar });
          vi.setSystemTime(Date.now() + 61_000);
          const headers = { cookie: jar.header };
          expect((await ask("/read", { headers })).body).toBe("{}");
        },
        { maxAge: 60 },
      );
    } finally {
      vi.useRealTimers();
    }
  });
});

it("is saved if an error was thrown below and caught above", () =>
  serve(
    (ctx) => {
      dataOf(ctx)["name"] = "ana";
      throw new Error("down here");
    },
    async (ask, jar) => {
      expect(await ask("/", { jar })).toMatchObject({ status: 200, body: "caught" });
      expect(jar.header).not.toBe("");
    },
    {},
    (app) =>
      app.use(async (ctx, next) => {
        try {
          await next();
        } catch {
          ctx.body = "caught";
        }
      }),
  ));

it("two session middlewares of one app are an error, at the first request", () =>
  serve(
    show,
    async (ask) => expect((await ask("/read")).status).toBe(500),
    {},
    (app) => app.use(session({ secretKey: SECRET }) as never),
  ));

it("an unknown option is an error at set-up", () => {
  for (const option of ["key", "autoCommit", "renew", "signed", "overwrite", "externalKey"]) {
    expect(() => session({ secretKey: SECRET, [option]: true } as never)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  }
});
