import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HTTPError } from "galleta";
import { afterEach, describe, expect, test, vi } from "vitest";
import { appWith, atEnd, clientOf, latch, live, SESSIONS, watchLog } from "./support/framework.ts";

const log = watchLog();

/** Records rejections that would have ended the process. */
function watchRejections(): unknown[] {
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on("unhandledRejection", note);
  atEnd(() => process.off("unhandledRejection", note));
  return seen;
}

describe("what a view returns", () => {
  test.each([
    ["a string", "hello"],
    ["an object", { items: [] }],
    ["null", null],
    ["true", true],
  ])("is a logged 500 that says what to do, if it is %s", async (_, value) => {
    const app = appWith();
    app.route("/", () => value);
    app.route("/later", async () => value);
    const client = clientOf(app);
    expect((await client.get("/")).status).toBe(500);
    expect((await client.get("/later")).status).toBe(500);
    expect(log().mock.calls[0]![1]).toMatchObject({ code: "ERR_GALLETA_VIEW" });
    expect(String(log().mock.calls[0]![1])).toContain("Set res.json");
  });

  test("may be the value that it assigned, the response, or a Response", async () => {
    const app = appWith();
    const items = [1];
    app.route("/status", (_req, res) => (res.status = 204));
    app.route("/json", (_req, res) => (res.json = items));
    app.route("/empty", (_req, res) => (res.body = null));
    app.route("/res", (_req, res) => res);
    app.route("/response", () => Response.json({ ok: true }));
    const client = clientOf(app);
    const statuses = [];
    for (const path of ["/status", "/json", "/empty", "/res", "/response"]) {
      statuses.push((await client.get(path)).status);
    }
    expect(statuses).toEqual([204, 200, 200, 200, 200]);
    expect(log()).not.toHaveBeenCalled();
  });

  test("is also checked for middleware and error handlers", async () => {
    const app = appWith();
    app.use((req, _res, next) => (req.url.pathname === "/mw" ? "lost" : next()));
    app.errorHandler(RangeError, () => ({ lost: true }));
    app.route("/handler", () => {
      throw new RangeError("x");
    });
    const client = clientOf(app);
    expect((await client.get("/mw")).status).toBe(500);
    expect((await client.get("/handler")).status).toBe(500);
  });
});

describe("an access log in a middleware", () => {
  test("has the status of every answer, denied requests included", async () => {
    const app = appWith({ SESSIONS, ALLOWED_HOSTS: ["testserver"] });
    const lines: string[] = [];
    app.use(async (req, res, next) => {
      try {
        await next();
      } finally {
        lines.push(`${req.method} ${req.url.pathname} ${res.status}`);
      }
    });
    app.errorHandler(TypeError, (_req, res) => (res.status = 409));
    app.route("/ok", (_req, res) => (res.status = 201));
    app.route("/teapot", () => {
      throw new HTTPError(418);
    });
    app.route("/bug", async () => {
      throw new Error("bug");
    });
    app.route("/handled", () => {
      throw new TypeError("handled");
    });
    app.route("/status", (_req, res) => (res.status = 1000));
    const client = clientOf(app);
    const paths = ["/ok", "/nowhere", "/teapot", "/bug", "/handled", "/status"];
    const sent: number[] = [];
    for (const path of paths) sent.push((await client.get(path)).status);
    sent.push((await client.post("/ok")).status);
    sent.push((await client.post("/ok", { headers: { origin: "https://evil.example" } })).status);
    sent.push((await app.fetch(new Request("http://other/ok"))).status);
    expect(sent).toEqual([201, 404, 418, 500, 409, 500, 405, 403, 400]);
    expect(lines).toEqual([
      ...paths.map((path, index) => `GET ${path} ${sent[index]}`),
      "POST /ok 405",
      "POST /ok 403",
      "GET /ok 400",
    ]);
    // Each failure is logged once, however many middlewares it passed.
    expect(log()).toHaveBeenCalledTimes(2);
  });

  test("cannot use the session or body of a denied request, nor turn it into a success", async () => {
    const app = appWith({ SESSIONS });
    const view = vi.fn();
    const codes: unknown[] = [];
    app.use(async (req, res, next) => {
      try {
        req.session.count = 1;
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
      await req.text().catch((error: { code: string }) => codes.push(error.code));
      if (req.url.pathname === "/own") {
        res.text = "done";
        return;
      }
      await next().catch(() => undefined);
      res.status = 200;
      res.text = "done";
    });
    app.route("/view", { methods: ["POST"] }, view);
    const client = clientOf(app, { headers: { origin: "https://evil.example" } });
    for (const path of ["/view", "/own"]) {
      const response = await client.post(path, { body: "x" });
      expect([response.status, response.headers.getSetCookie()]).toEqual([403, []]);
      expect(await response.json()).toMatchObject({ code: "ERR_SESSION_CSRF" });
    }
    expect(codes).toEqual(Array.from({ length: 4 }, () => "ERR_SESSION_CSRF"));
    expect(view).not.toHaveBeenCalled();
  });
});

describe("a forgotten await", () => {
  test("of a body neither ends the process nor the request", async () => {
    const rejections = watchRejections();
    const app = appWith();
    app.route("/", { methods: ["POST"] }, (req, res) => {
      void req.json();
      void req.text();
      void req.bytes();
      void req.formData();
      res.status = 202;
    });
    const client = clientOf(app);
    expect((await client.post("/", { body: "{" })).status).toBe(202);
    await sleep(20);
    expect(rejections).toEqual([]);
  });

  test("of next() still waits for the view, and answers its error", async () => {
    const rejections = watchRejections();
    const app = appWith();
    app.use((_req, _res, next) => void next());
    app.route("/", async (_req, res) => {
      await sleep(5);
      res.text = "whole";
    });
    app.route("/fails", async () => {
      await sleep(5);
      throw new HTTPError(418);
    });
    const client = clientOf(app);
    expect(await (await client.get("/")).text()).toBe("whole");
    expect((await client.get("/fails")).status).toBe(418);
    expect(rejections).toEqual([]);
  });
});

describe("bodies", () => {
  test("have a limit of the route, above or below that of the app", async () => {
    const app = appWith({ BODY_LIMIT: 100 });
    for (const [path, bodyLimit] of [
      ["/small", 10],
      ["/large", 1000],
    ] as const) {
      app.route(path, { methods: ["POST"], bodyLimit }, async (req, res) => {
        res.text = await req.text();
      });
    }
    const client = clientOf(app);
    const post = async (path: string, size: number) =>
      (await client.post(path, { body: "x".repeat(size) })).status;
    expect([await post("/small", 10), await post("/small", 11)]).toEqual([200, 413]);
    expect([await post("/large", 1000), await post("/large", 1001)]).toEqual([200, 413]);
  });

  test("from a client that leaves are not logged", async () => {
    const app = appWith({ SESSIONS });
    let through = 0;
    let round = latch();
    const clients: Socket[] = [];
    app.use(async (req, _res, next) => {
      const view = next();
      clients[Number(req.query.get("client"))]!.resetAndDestroy();
      await view.finally(() => {
        if ((through += 1) % 100 === 0) round.open();
      });
    });
    for (const kind of ["json", "text", "bytes"] as const) {
      app.route(`/${kind}`, { methods: ["POST"] }, async (req) => void (await req[kind]()));
    }
    const { port } = await live(app);
    for (let index = 0; index < 1000; index += 1) {
      const path = `${["json", "text", "bytes"][index % 3]}?client=${index}`;
      const head = index % 2 === 0 ? "Content-Length: 1000" : "Transfer-Encoding: chunked";
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(`POST /${path} HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n10\r\n{"half":`);
      });
      socket.on("error", () => undefined);
      clients.push(socket);
      // More simultaneous connections than the system queues would connect again a second later.
      if (clients.length % 100 > 0) continue;
      await round.opened;
      round = latch();
    }
    expect(through).toBe(1000);
    await sleep(20);
    expect(log()).not.toHaveBeenCalled();
  });
});

describe("a session that is first used after the response", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("throws for every change, and warns of a read", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const app = appWith({ SESSIONS });
    const { destroy, flash, renew } = await import("galleta");
    const codes: unknown[] = [];
    const done = latch();
    app.route("/late", (req, res) => {
      res.text = "sent";
      setTimeout(() => {
        const changes = [
          () => (req.session.count = 1),
          () => delete req.session.count,
          () => flash(req.session, "note", "x"),
          () => renew(req.session),
          () => destroy(req.session),
          () => (req.session = null),
          () => (req.session = { count: 1 }),
        ];
        for (const change of changes) {
          try {
            change();
            codes.push("silent");
          } catch (error) {
            codes.push((error as { code?: string }).code);
          }
        }
        done.open();
      }, 10);
    });
    const response = await clientOf(app).get("/late");
    expect(response.headers.get("vary")).toBeNull();
    await done.opened;
    expect(codes).toEqual(Array.from({ length: 7 }, () => "ERR_SESSION_COMMITTED"));
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toContain("GET /late first used req.session after");
  });

  test("can be read in a stream, without a warning in production", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const app = appWith({ SESSIONS });
    app.route("/set", (req, res) => (res.json = req.session.count = 7));
    app.route("/stream", (req, res) => {
      res.body = new ReadableStream({
        async pull(controller) {
          await sleep(5);
          controller.enqueue(new TextEncoder().encode(String(req.session.count)));
          controller.close();
        },
      });
    });
    const client = clientOf(app);
    await client.get("/set");
    expect(await (await client.get("/stream")).text()).toBe("7");
    expect(warn).not.toHaveBeenCalled();
  });
});
