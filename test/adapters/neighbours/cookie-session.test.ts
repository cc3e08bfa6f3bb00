import express, { type Request, type Response } from "express";
import { describe as describeSession, type SessionOptions } from "@galleta/session";
import { session } from "@galleta/session/express";
import { describe, expect, it } from "vitest";
import { SECRET, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";
import { during, type Asking } from "./app.ts";

// The requirements of cookie-session's own tests, for the Express adapter with mapped options.
// docs/adapters.md lists the differences, with reasons.

type Data = Record<string, unknown>;
const dataOf = (req: Request) => req.session as unknown as Data;

function serve(
  view: (req: Request, res: Response) => unknown,
  test: (ask: Asking, jar: Jar) => Promise<void>,
  options: Partial<SessionOptions> = {},
) {
  const app = express();
  app.use(session({ ...withEvents().options, ...options }), (req, res) => view(req, res));
  app.use(((error, _req, res, _next) => {
    res.status(500).send((error as { code?: string }).code ?? String(error));
  }) as express.ErrorRequestHandler);
  return during(app, (ask) => test(ask, new Jar()));
}

const cookieOf = async (options: Partial<SessionOptions>) => {
  let lines: readonly string[] = [];
  await serve(
    (req, res) => {
      dataOf(req)["message"] = "hi";
      res.end();
    },
    async (ask) => {
      lines = (await ask("/")).setCookie;
    },
    options,
  );
  return lines;
};

describe("options", () => {
  it("httpOnly is on, and cannot be switched off", async () => {
    expect((await cookieOf({}))[0]).toContain("; HttpOnly");
    expect(() => session({ secretKey: SECRET, httpOnly: false } as never)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });

  it("the name is sessionCookie", async () => {
    expect((await cookieOf({ sessionCookie: "my.session" }))[0]).toMatch(/^my\.session=/);
  });

  it("one cookie carries value and signature", async () =>
    expect(await cookieOf({})).toHaveLength(1));

  it.each([[undefined], [""], [[]]])("a secret key is needed: %o", (secretKey) => {
    expect(() => session({ secretKey: secretKey as never })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_KEY" }),
    );
  });

  it("a Secure cookie is also sent over plain HTTP, where the browser drops it", async () => {
    expect((await cookieOf({ httpsOnly: true }))[0]).toContain("; Secure");
  });
});

describe("a session from a cookie", () => {
  const show = (req: Request, res: Response) => {
    if (req.path === "/set") dataOf(req)["message"] = "hi; there";
    res.json({ ...dataOf(req) });
  };

  it("may hold a semicolon", () =>
    serve(show, async (ask, jar) => {
      await ask("/set", { jar });
      expect((await ask("/", { jar })).body).toBe('{"message":"hi; there"}');
    }));

  it.each([
    ["with another value", (value: string) => `${value.slice(0, -4)}AAAA`],
    ["without its signature", (value: string) => value.slice(0, -43)],
    ["of bytes that are nothing", () => "bogus"],
  ])("is a new one %s", (_, change) =>
    serve(show, async (ask, jar) => {
      await ask("/set", { jar });
      jar.set("session", change(jar.get("session") ?? ""));
      expect((await ask("/", { jar })).body).toBe("{}");
    }),
  );

  it("is read with a second key", async () => {
    const jar = new Jar();
    await serve(show, async (ask) => void (await ask("/set", { jar })));
    await serve(
      show,
      async (ask) => expect((await ask("/", { jar })).body).toBe('{"message":"hi; there"}'),
      { secretKey: ["a newer secret key of the suite, long enough", SECRET] },
    );
  });
});

describe("Set-Cookie", () => {
  const holder = (req: Request) => req as unknown as { session: unknown };
  const views: Record<string, (req: Request) => unknown> = {
    "/untouched": () => 0,
    "/read": (req) => dataOf(req)["message"],
    "/set": (req) => (dataOf(req)["message"] = "hi"),
    "/other": (req) => (dataOf(req)["message"] = "other"),
    "/empty": (req) => (holder(req).session = {}),
    "/object": (req) => (holder(req).session = { message: "hi" }),
    "/special": (req) => (holder(req).session = { isPopulated: false, maxAge: 1 }),
    "/null": (req) => (holder(req).session = null),
    "/text": (req) => (holder(req).session = "aklsjdfklasjdf"),
  };
  const run = (test: (ask: Asking, jar: Jar) => Promise<void>) =>
    serve((req, res) => {
      views[req.path]?.(req);
      res.json({ ...dataOf(req) });
    }, test);

  it.each([
    ["untouched", 0],
    ["read", 0],
    ["set", 1],
    ["empty", 0],
    ["object", 1],
    ["special", 1],
  ])("of a new session that is %s: %i", (path, count) =>
    run(async (ask) => expect((await ask(`/${path}`)).setCookie).toHaveLength(count)),
  );

  it.each([
    ["untouched", 0],
    ["read", 0],
    ["set", 0],
    ["other", 1],
    ["null", 1],
  ])("of a saved session that is %s: %i", (path, count) =>
    run(async (ask, jar) => {
      await ask("/set", { jar });
      expect((await ask(`/${path}`, { jar })).setCookie).toHaveLength(count);
    }),
  );

  it("deletes the cookie after null", () =>
    run(async (ask, jar) => {
      await ask("/set", { jar });
      const { setCookie, body } = await ask("/null", { jar });
      expect(setCookie[0]).toMatch(/^session=; Max-Age=0; Expires=Thu, 01 Jan 1970/);
      expect([body, (await ask("/read", { jar })).body]).toEqual(["{}", "{}"]);
    }));

  it("any other value than an object or null throws", () =>
    run(async (ask) => expect((await ask("/text")).body).toBe("ERR_SESSION_NOT_JSON")));
});

it("isNew and isPopulated are functions, so that no key of the data is taken", () =>
  serve(
    (req, res) => {
      const { isNew } = describeSession(req.session);
      const isPopulated = Object.keys(req.session).length > 0;
      dataOf(req)["isNew"] = "a key of the app";
      res.json({ isNew, isPopulated });
    },
    async (ask, jar) => {
      expect((await ask("/", { jar })).body).toBe('{"isNew":true,"isPopulated":false}');
      expect((await ask("/", { jar })).body).toBe('{"isNew":false,"isPopulated":true}');
    },
  ));
