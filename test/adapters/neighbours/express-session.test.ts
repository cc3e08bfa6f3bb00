import express, { type Request, type Response } from "express";
import { createSessions, memoryStore, type SessionOptions } from "@galleta/session";
import session from "@galleta/session/express-session";
import { describe, expect, it } from "vitest";
import { SECRET, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";
import { during, type Asking } from "./app.ts";

// The requirements of express-session's own tests, for our drop-in with mapped options.
// docs/adapters/express-session.md lists the differences, with reasons.

type Data = Record<string, unknown>;
type View = (req: Request, res: Response) => unknown;
const dataOf = (req: Request) => req.session as unknown as Data;

function build(options: Partial<SessionOptions>, view: View) {
  const app = express();
  app.use(session({ ...withEvents().options, ...options }));
  app.use((req, res) => view(req, res));
  app.use(((error, _req, res, _next) => {
    res.status(500).send((error as { code?: string }).code ?? String(error));
  }) as express.ErrorRequestHandler);
  return app;
}

const serve = (
  view: View,
  test: (ask: Asking, jar: Jar) => Promise<void>,
  options: Partial<SessionOptions> = {},
) => during(build(options, view), (ask) => test(ask, new Jar()));

/** Counts visits, and answers with how many there were. */
const count: View = (req, res) => {
  const data = dataOf(req);
  data["visits"] = Number(data["visits"] ?? 0) + 1;
  res.send(String(data["visits"]));
};
const bodies = async (ask: Asking, jar: Jar, ...paths: string[]) => {
  const all: string[] = [];
  for (const path of paths) all.push((await ask(path, { jar })).body);
  return all;
};

describe("set-up", () => {
  it.each([
    [{}, "ERR_SESSION_KEY"],
    [{ secretKey: [] }, "ERR_SESSION_KEY"],
    [{ secretKey: SECRET, secret: "old" }, "ERR_SESSION_OPTION"],
    [{ secretKey: SECRET, resave: false }, "ERR_SESSION_OPTION"],
    [{ secretKey: SECRET, genid: () => "1" }, "ERR_SESSION_OPTION"],
    [{ secretKey: SECRET, unset: "keep" }, "ERR_SESSION_OPTION"],
  ])("throws for %j", (options, code) => {
    expect(() => session(options as never)).toThrow(expect.objectContaining({ code }));
  });

  it("fails with a second session middleware on the same request", async () => {
    const app = express();
    app.use(session({ secretKey: SECRET }), session({ secretKey: SECRET }));
    app.use(((error, _req, res, _next) => {
      res.send((error as { code: string }).code);
    }) as express.ErrorRequestHandler);
    await during(app, async (ask) => expect((await ask("/")).body).toBe("ERR_SESSION_SETUP"));
  });
});

describe("a session", () => {
  it("begins with a request without one, and continues with its cookie", () =>
    serve(count, async (ask, jar) => {
      expect(await bodies(ask, jar, "/", "/", "/")).toEqual(["1", "2", "3"]);
    }));

  it("belongs to one visitor", () =>
    serve(count, async (ask, jar) => {
      const other = new Jar();
      await ask("/", { jar: other });
      await ask("/", { jar: other });
      expect([(await ask("/", { jar })).body, (await ask("/", { jar: other })).body]).toEqual([
        "1",
        "3",
      ]);
    }));

  it("has a new id and no data if the cookie has another key, or is cut off", () =>
    serve(
      (req, res) => res.json([req.sessionID, { ...dataOf(req) }]),
      async (ask) => {
        const seen = new Set<string>();
        for (const value of ["", "bogus", "bogus.bogus", "x".repeat(200), "%00"]) {
          const { body, status } = await ask("/", { headers: { cookie: `session=${value}` } });
          const [id, data] = JSON.parse(body) as [string, Data];
          expect({ status, data }).toEqual({ status: 200, data: {} });
          seen.add(id);
        }
        expect(seen.size).toBe(5);
      },
    ));

  it("keeps its id over requests, as sessionID and as session.id", () =>
    serve(
      (req, res) => {
        dataOf(req)["seen"] = true;
        res.json([req.sessionID, (req.session as unknown as { id: string }).id]);
      },
      async (ask, jar) => {
        const [first, second] = await bodies(ask, jar, "/", "/");
        expect(second).toBe(first);
        const [id, same] = JSON.parse(first as string) as [string, string];
        expect(same).toBe(id);
      },
    ));

  it("shows only its data to Object.keys and for-in", () =>
    serve(
      (req, res) => {
        Object.assign(dataOf(req), { foo: 1, bar: "b" });
        const keys: string[] = [];
        for (const key in req.session) keys.push(key);
        res.json([keys, Object.keys(req.session), req.session.hasOwnProperty("foo")]);
      },
      async (ask) => {
        const { body } = await ask("/");
        expect(JSON.parse(body)).toEqual([["foo", "bar"], ["foo", "bar"], true]);
      },
    ));

  it.each(["save", "id", "cookie", "regenerate"])("throws for %s as a key of its data", (key) =>
    serve(
      (req) => {
        dataOf(req)[key] = "mine";
      },
      async (ask) => expect((await ask("/")).status).toBe(500),
    ),
  );
});

describe("the response", () => {
  it("sets the cookie however it ends", () =>
    serve(
      (req, res) => {
        dataOf(req)["path"] = req.path;
        const body = "hello, world";
        const ways: Record<string, () => unknown> = {
          "/end": () => res.end(body),
          "/null": () => res.end(null),
          "/empty": () => res.end(),
          "/multi": () => (res.write("hello, "), res.end("world")),
          "/length": () => (res.setHeader("Content-Length", "12"), res.write(body), res.end()),
          "/twice": () => (res.end(body), res.end()),
          "/head": () => (res.writeHead(200, { "Set-Cookie": "previous=1" }), res.end()),
          "/before": () => (res.setHeader("Set-Cookie", "previous=1"), res.end()),
        };
        ways[req.path]?.();
      },
      async (ask, jar) => {
        const ways = ["end", "null", "empty", "multi", "length", "twice", "head", "before"];
        for (const way of ways) {
          const { setCookie } = await ask(`/${way}`, { jar });
          const names = setCookie.map((line) => line.slice(0, line.indexOf("=")));
          const own = ["head", "before"].includes(way) ? ["previous"] : [];
          expect({ way, names: names.toSorted() }).toEqual({ way, names: [...own, "session"] });
        }
      },
    ));

  it("works with other middleware that patched res.end before and after", async () => {
    const patch: express.RequestHandler = (_req, res, next) => {
      const end = res.end.bind(res) as (...args: unknown[]) => Response;
      res.end = ((...args: unknown[]) => {
        res.setHeader("x-patched", "yes");
        return end(...args);
      }) as never;
      next();
    };
    const app = express();
    app.use(patch, session(withEvents().options), patch, (req, res) => {
      dataOf(req)["seen"] = true;
      res.end("done");
    });
    await during(app, async (ask) => {
      const { setCookie, body, headers } = await ask("/");
      expect([setCookie.length, body, headers["x-patched"]]).toEqual([1, "done", "yes"]);
    });
  });

  it("sets no cookie for an empty session, or for a second response without a change", () =>
    serve(
      (req, res) => {
        if (req.path === "/set") dataOf(req)["user"] = "ana";
        res.send(Object.keys(req.session).join());
      },
      async (ask, jar) => {
        const counts: number[] = [];
        for (const path of ["/read", "/set", "/read", "/set"]) {
          counts.push((await ask(path, { jar })).setCookie.length);
        }
        expect(counts).toEqual([0, 1, 0, 0]);
      },
    ));
});

describe("the cookie", () => {
  const touch: View = (req, res) => {
    dataOf(req)["seen"] = true;
    res.json((req.session as unknown as { cookie: object }).cookie);
  };
  const cookieOf = async (
    options: Partial<SessionOptions>,
    headers: Record<string, string> = {},
  ) => {
    let line = "";
    await serve(
      touch,
      async (ask) => {
        [line = ""] = (await ask("/", { headers })).setCookie;
      },
      options,
    );
    return line.replace(/=[\w-]+/, "=...");
  };

  it.each<[string, Partial<SessionOptions>, string]>([
    ["by default", {}, "session=...; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax"],
    [
      "with name, maxAge, path and domain",
      { sessionCookie: "sid", maxAge: 60, path: "/admin", domain: "example.com" },
      "sid=...; Max-Age=60; Path=/admin; Domain=example.com; HttpOnly; SameSite=Lax",
    ],
    ["until the browser closes", { maxAge: null }, "session=...; Path=/; HttpOnly; SameSite=Lax"],
    [
      "secure, partitioned, SameSite=None",
      { httpsOnly: true, partitioned: true, sameSite: "none", maxAge: null },
      "session=...; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    ],
    [
      "SameSite=Strict",
      { sameSite: "strict", maxAge: null },
      "session=...; Path=/; HttpOnly; SameSite=Strict",
    ],
  ])("%s", async (_, options, line) => expect(await cookieOf(options)).toBe(line));

  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-host": "127.0.0.1" };
  it.each<[string, Partial<SessionOptions>, boolean]>([
    ["is Secure behind a proxy that is trusted", { trustProxy: 1 }, true],
    ["is not behind one that is not", {}, false],
  ])("secure: auto %s", async (_, options, secure) => {
    const line = await cookieOf({ httpsOnly: "auto", ...options }, forwarded);
    expect(line.includes("; Secure")).toBe(secure);
  });

  it("reports its end, and its full lifetime", () =>
    serve(
      touch,
      async (ask, jar) => {
        for (let visit = 0; visit < 2; visit += 1) {
          const { body } = await ask("/", { jar });
          const cookie = JSON.parse(body) as { expires: string; originalMaxAge: number };
          expect(cookie.originalMaxAge).toBe(60_000);
          expect(Date.parse(cookie.expires)).toBeGreaterThan(Date.now());
        }
      },
      { maxAge: 60 },
    ));

  it("is signed with the first key and read with every one", async () => {
    const second = "another secret key of this suite, long enough";
    const jar = new Jar();
    const app = (secretKey: string | string[]) => build({ secretKey }, count);
    await during(app(SECRET), async (ask) => void (await ask("/", { jar })));
    await during(app([second, SECRET]), async (ask) =>
      expect((await ask("/", { jar })).body).toBe("2"),
    );
    await during(app(second), async (ask) => expect((await ask("/", { jar })).body).toBe("3"));
  });
});

describe("its methods", () => {
  it("destroy ends the session, and a copy of its cookie with a store", () =>
    serve(
      (req, res) => {
        if (req.path !== "/end") return count(req, res);
        return req.session.destroy((error) =>
          res.json({ error: error ?? null, left: dataOf(req) }),
        );
      },
      async (ask, jar) => {
        await ask("/", { jar });
        const copy = jar.header;
        expect((await ask("/end", { jar })).body).toBe('{"error":null,"left":{}}');
        expect(jar.header).toBe("");
        expect((await ask("/", { headers: { cookie: copy } })).body).toBe("1");
      },
      { store: memoryStore() },
    ));

  it("assigning null ends it too", () =>
    serve(
      (req, res) => {
        if (req.path !== "/end") return count(req, res);
        (req as unknown as { session: null }).session = null;
        return res.end();
      },
      async (ask, jar) => {
        await ask("/", { jar });
        await ask("/end", { jar });
        expect((await ask("/", { jar })).body).toBe("1");
      },
    ));

  it("destroying an empty session sets no cookie with data", () =>
    serve(
      (req, res) => req.session.destroy(() => res.end()),
      async (ask, jar) => {
        await ask("/", { jar });
        expect(jar.header).toBe("");
      },
    ));

  it("regenerate starts another with a new id, and the old object keeps its data and its id", () =>
    serve(
      (req, res) => {
        const before = req.session;
        const { id } = before;
        if (Object.keys(before).length === 0) dataOf(req)["cart"] = { items: ["book"] };
        if (req.path !== "/login") return res.json(before);
        return before.regenerate(() => {
          // As Passport does with keepSessionInfo.
          const isNew = req.session !== before && req.session.id !== before.id;
          const isEmpty = Object.keys(req.session).length === 0;
          for (const key in before) dataOf(req)[key] = (before as unknown as Data)[key];
          (dataOf(req)["cart"] as { items: string[] }).items.push("pen");
          res.json({ isNew, isEmpty, sameId: id === before.id, kept: { ...req.session } });
        });
      },
      async (ask, jar) => {
        await ask("/", { jar });
        expect(JSON.parse((await ask("/login", { jar })).body)).toEqual({
          isNew: true,
          isEmpty: true,
          sameId: true,
          kept: { cart: { items: ["book", "pen"] } },
        });
        expect((await ask("/", { jar })).body).toBe('{"cart":{"items":["book","pen"]}}');
      },
    ));

  it.each(["regenerate", "destroy"] as const)(
    "after %s a write to the old object throws, so that it is not lost",
    (method) =>
      serve(
        (req, res) => {
          const before = req.session;
          dataOf(req)["cart"] = ["book"];
          before[method](() => {
            try {
              (before as unknown as Data)["user"] = "ana";
            } catch (error) {
              res.send((error as { code: string }).code + JSON.stringify(before));
            }
          });
        },
        async (ask) => expect((await ask("/")).body).toBe('ERR_SESSION_ENDED{"cart":["book"]}'),
      ),
  );

  it("save, reload and touch call back, and change nothing", () =>
    serve(
      (req, res) => {
        dataOf(req)["user"] = "ana";
        const before = req.session;
        before.touch().save((saved) => {
          before.reload((loaded) => {
            res.json([saved ?? null, loaded ?? null, req.session === before, { ...req.session }]);
          });
        });
      },
      async (ask, jar) => {
        expect((await ask("/", { jar })).body).toBe('[null,null,true,{"user":"ana"}]');
        expect(jar.header).not.toBe("");
      },
    ));

  it.each(["maxAge", "expires", "secure", "path"])("throws for a write to cookie.%s", (name) =>
    serve(
      (req) => {
        (req.session as unknown as { cookie: Data }).cookie[name] = 1;
      },
      async (ask) => expect((await ask("/")).body).toBe("ERR_SESSION_OPTION"),
    ),
  );
});

describe("with a store", () => {
  const failing = {
    get: () => Promise.reject(new Error("down")),
    set: () => Promise.reject(new Error("down")),
    delete: () => Promise.reject(new Error("down")),
  };

  it("an error of the store fails the request that needs it, and no other", async () => {
    const sessions = createSessions({
      secretKey: SECRET,
      store: failing,
      storage: "store",
      onEvent: () => {},
    });
    const app = express();
    app.use(session(sessions as never), (req, res) => {
      if (req.path === "/set") dataOf(req)["user"] = "ana";
      res.end("fine");
    });
    app.use(((error, _req, res, _next) => {
      res.status(error.status as number).send((error as { code: string }).code);
    }) as express.ErrorRequestHandler);
    await during(app, async (ask) => {
      expect(await ask("/")).toMatchObject({ status: 200, body: "fine" });
      expect(await ask("/set")).toMatchObject({ status: 503, body: "ERR_SESSION_STORE" });
    });
  });

  it.each(["cookie", "store"] as const)(
    "storage: %s starts a new session if the store lost it",
    (storage) =>
      serve(
        count,
        async (ask, jar) => {
          expect(await bodies(ask, jar, "/", "/")).toEqual(["1", "2"]);
        },
        { store: memoryStore(), storage },
      ),
  );
});

it("reads the cookie itself, with any cookie parser", async () => {
  const app = express();
  app.use((req, _res, next) => {
    (req as unknown as Data)["cookies"] = { session: "parsed" };
    (req as unknown as Data)["signedCookies"] = { session: "signed" };
    next();
  });
  app.use(build({}, count));
  await during(app, async (ask) => {
    const jar = new Jar();
    expect(await bodies(ask, jar, "/", "/")).toEqual(["1", "2"]);
  });
});
