import { createEventStream, getRequestIP, H3, handleCors } from "h3";
import { App, HTTPError } from "galleta";
import { describe, expect, test, vi } from "vitest";
import { appWith, clientOf, live, SESSIONS, watchLog, type Data } from "./support/framework.ts";

watchLog();

describe("middleware", () => {
  test("runs around views, 404s and errors, in order", async () => {
    const app = appWith();
    const seen: string[] = [];
    app.use(async (_req, res, next) => {
      seen.push("a in");
      await next();
      res.headers.set("x-status", String(res.status));
      seen.push("a out");
    });
    app.use((_req, _res, next) => {
      seen.push("b in");
      return next();
    });
    app.route("/", (_req, res) => {
      seen.push("view");
      res.status = 202;
      return new Response("adopted", { status: 203 });
    });
    const client = clientOf(app);
    const response = await client.get("/");
    expect([response.status, await response.text()]).toEqual([203, "adopted"]);
    expect(response.headers.get("x-status")).toBe("203");
    expect(seen).toEqual(["a in", "b in", "view", "a out"]);
    seen.length = 0;
    expect((await client.get("/nowhere")).status).toBe(404);
    expect(seen).toEqual(["a in", "b in"]);
  });

  test("answers itself if it does not call next", async () => {
    const app = appWith();
    app.use((req, res, next) => {
      if (req.headers.has("authorization")) return next();
      res.status = 401;
      res.text = "who?";
      return undefined;
    });
    const view = vi.fn();
    app.route("/", view);
    expect((await clientOf(app).get("/")).status).toBe(401);
    expect(view).not.toHaveBeenCalled();
    await clientOf(app).get("/", { headers: { authorization: "me" } });
    expect(view).toHaveBeenCalledOnce();
  });

  test("next runs the view once, and may fail", async () => {
    const app = appWith();
    const view = vi.fn(() => {
      throw new HTTPError(409);
    });
    app.use(async (_req, res, next) => {
      await next().catch(() => undefined);
      await next().catch((error: HTTPError) => {
        res.text = `caught ${error.status}`;
      });
    });
    app.route("/", view);
    expect(await (await clientOf(app).get("/")).text()).toBe("caught 409");
    expect(view).toHaveBeenCalledOnce();
  });
});

describe("mounting", () => {
  test("an app keeps its routes, middleware and error handlers", async () => {
    const inner = new App<Data>();
    inner.use(async (_req, res, next) => {
      await next();
      res.headers.set("x-inner", "1");
    });
    inner.errorHandler(TypeError, (_req, res) => {
      res.text = "inner";
    });
    inner.route("/", (_req, res) => (res.text = "root"));
    inner.route("/items/:id", (req, res) => {
      req.session.count = 1;
      res.text = req.params.id;
    });
    const app = appWith({ SESSIONS });
    app.errorHandler(RangeError, (_req, res) => {
      res.text = "outer";
    });
    app.route("/", (_req, res) => (res.text = "outer root"));
    app.mount("/api", inner);
    inner.route("/late", () => {
      throw new TypeError("late");
    });
    inner.route("/range", () => {
      throw new RangeError("range");
    });
    const client = clientOf(app);
    const item = await client.get("/api/items/7");
    expect([await item.text(), item.headers.get("x-inner")]).toEqual(["7", "1"]);
    expect(item.headers.getSetCookie()).toHaveLength(1);
    expect(await (await client.get("/api")).text()).toBe("root");
    expect((await client.get("/")).headers.get("x-inner")).toBeNull();
    expect(await (await client.get("/api/late")).text()).toBe("inner");
    expect(await (await client.get("/api/range")).text()).toBe("outer");
    expect((await client.post("/api/items/7")).headers.get("allow")).toBe("GET, HEAD");
    expect(() => app.mount("/x", app)).toThrow("in itself");
    expect(() => inner.mount("/x", app)).toThrow("in itself");
  });

  test("an h3 app and a fetch handler get the path without the prefix", async () => {
    const h3 = new H3().get("/who", (event) => ({ path: event.url.pathname }));
    const app = appWith();
    const middleware = vi.fn((_req: unknown, _res: unknown, next: () => Promise<void>) => next());
    app.use(middleware);
    app.mount("/h3", h3);
    app.mount("/f", (request) => new Response(new URL(request.url).pathname));
    app.mount("/o", { fetch: async (request: Request) => new Response(await request.text()) });
    const client = clientOf(app);
    expect(await (await client.get("/h3/who")).json()).toEqual({ path: "/who" });
    expect((await client.get("/h3/missing")).status).toBe(404);
    expect(await (await client.get("/f/a/b?c")).text()).toBe("/a/b");
    expect(await (await client.get("/f")).text()).toBe("/");
    expect(await (await client.post("/o/x", { body: "sent" })).text()).toBe("sent");
    expect((await client.get("/f//etc")).status).toBe(404);
    expect((await client.get("/fun")).status).toBe(404);
    expect(middleware).toHaveBeenCalledTimes(7);
    expect(() => app.mount("/:id", h3)).toThrow("at a path without parameters");
    expect(() => app.mount("/bad", {} as never)).toThrow(
      "The app or fetch handler must be a function",
    );
  });
});

describe("h3 underneath", () => {
  test("its middleware and functions work, and keep Vary of the session", async () => {
    const app = appWith({ SESSIONS: { ...SESSIONS, trustedOrigins: ["https://a.example"] } });
    app.h3.use((event) => {
      const done = handleCors(event, { origin: ["https://a.example"] });
      if (done !== false) return done;
      event.res.headers.set("cache-control", "public");
      return undefined;
    });
    app.route("/", (req, res) => {
      req.session.count = 1;
      res.json = {};
    });
    app.route("/fails", (req) => {
      req.session.count = 2;
      throw new HTTPError(400);
    });
    const client = clientOf(app, { headers: { origin: "https://a.example" } });
    for (const path of ["/", "/fails"]) {
      const response = await client.get(path);
      expect(response.headers.get("access-control-allow-origin")).toBe("https://a.example");
      const vary = response.headers.get("vary")?.toLowerCase().split(/, */).toSorted();
      expect(vary).toEqual(["cookie", "origin"]);
      expect(response.headers.get("cache-control")).toBe("private, no-store");
      expect(response.headers.getSetCookie()).toHaveLength(1);
    }
    const preflight = await client.options("/", {
      headers: { "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
  });

  test("req.event serves h3's own functions", async () => {
    const app = appWith();
    app.route("/", (req, res) => (res.text = getRequestIP(req.event) ?? "none"));
    app.route("/events", async (req, res) => {
      const stream = createEventStream(req.event);
      void stream.push("one").then(() => stream.close());
      res.body = (await stream.send()) as ReadableStream;
    });
    const server = await live(app);
    expect(await (await fetch(server.url)).text()).toBe("127.0.0.1");
    const events = await fetch(`${server.url}/events`);
    expect(events.headers.get("content-type")).toContain("text/event-stream");
    expect(await events.text()).toContain("data: one");
  });
});
