import { connect } from "node:net";
import { createEventStream, getRequestIP, H3, handleCors } from "h3";
import { App, configure, HTTPError, serve, SessionError, type Server, type View } from "galleta";
import { createClient, LiveServer } from "galleta/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

interface Data {
  count: number;
  big: string;
  user: { name: string };
}

const SECRET = "b1946ac92492d2347c6235b4d2611184a5f3c0d9";
const SESSIONS = { secretKey: SECRET };

const closers: (() => Promise<void>)[] = [];
let logged: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  vi.restoreAllMocks();
});

function appWith(settings: object = {}): App<Data> {
  const app = new App<Data>();
  configure(app, settings);
  return app;
}

function clientOf(app: App<Data>, options = {}) {
  const client = createClient(app, options);
  closers.push(() => client.close());
  return client;
}

async function live(app: App<Data>): Promise<LiveServer> {
  const server = await LiveServer.start(app);
  closers.push(() => server.close());
  return server;
}

/** Sends bytes as they are, and gives everything that comes back until the server closes. */
function raw(server: { port: number }, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write(request));
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

describe("routes", () => {
  test("a view sees method, path, query, headers and parameters", async () => {
    const app = appWith();
    app.route("/items/:id", { methods: ["GET", "PUT"] }, (req, res) => {
      res.json = {
        method: req.method,
        path: req.url.pathname,
        id: req.params.id,
        page: req.query.get("page"),
        agent: req.headers.get("user-agent"),
      };
    });
    const client = clientOf(app);
    const options = { headers: { "user-agent": "test" }, query: { page: "2 3" } };
    const response = await client.put("/items/a%20b%2Fc", options);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      method: "PUT",
      path: "/items/a%20b%2Fc",
      id: "a b%2Fc",
      page: "2 3",
      agent: "test",
    });
  });

  test("GET answers HEAD, without the body", async () => {
    const app = appWith();
    app.route("/", (_req, res) => {
      res.headers.set("x-seen", "yes");
      res.text = "hello";
    });
    const response = await clientOf(app).head("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-seen")).toBe("yes");
    expect(await response.text()).toBe("");
  });

  test("an unknown path is 404, as JSON", async () => {
    const response = await clientOf(appWith()).get("/nowhere");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ status: 404, error: "Not Found" });
  });

  test("an unknown method is 405, and Allow names the others", async () => {
    const app = appWith();
    app.route("/items/:id", () => undefined);
    app.route("/items/:id", { methods: ["DELETE"] }, () => undefined);
    const response = await clientOf(app).post("/items/7");
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ").toSorted()).toEqual([
      "DELETE",
      "GET",
      "HEAD",
    ]);
  });

  test("an address of sockets asks for an upgrade", async () => {
    const app = appWith();
    app.websocketRoute("/feed", () => undefined);
    const response = await clientOf(app).get("/feed");
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
  });

  test("a malformed path is 400", async () => {
    const server = await live(appWith());
    expect(await raw(server, "GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1.1 400/,
    );
  });

  test("a route is registered once", () => {
    const app = appWith();
    app.route("/a", () => undefined);
    expect(() => app.route("/a", () => undefined)).toThrow("GET /a has a view already");
    expect(() => app.route("a" as "/a", () => undefined)).toThrow("starts with a slash");
    expect(() => app.route("/b", { methods: [] }, () => undefined)).toThrow("methods");
    expect(() => app.route("/b", { methods: ["get"] }, () => undefined)).toThrow("methods");
    expect(() => app.route("/b", undefined as never)).toThrow("no view");
  });
});

describe("bodies of requests", () => {
  function echo(settings: object = {}): App<Data> {
    const app = appWith(settings);
    app.route("/json", { methods: ["POST"] }, async (req, res) => {
      res.json = await req.json();
    });
    app.route("/text", { methods: ["POST"] }, async (req, res) => {
      res.text = await req.text();
    });
    app.route("/bytes", { methods: ["POST"] }, async (req, res) => {
      res.body = await req.bytes();
    });
    app.route("/form", { methods: ["POST"] }, async (req, res) => {
      const form = await req.formData();
      res.json = [...form].map(([name, value]) => [
        name,
        value instanceof File ? value.name : value,
      ]);
    });
    return app;
  }

  test("as JSON, text, bytes and forms", async () => {
    const client = clientOf(echo());
    expect(await (await client.post("/json", { json: { a: [1] } })).json()).toEqual({ a: [1] });
    expect(await (await client.post("/text", { body: "grüße" })).text()).toBe("grüße");
    const bytes = await client.post("/bytes", { body: new Uint8Array([0, 255, 7]) });
    expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(new Uint8Array([0, 255, 7]));
    expect(await (await client.post("/form", { form: { a: "1 & 2" } })).json()).toEqual([
      ["a", "1 & 2"],
    ]);
    const form = new FormData();
    form.append("file", new File(["x"], "x.txt"));
    expect(await (await client.post("/form", { form })).json()).toEqual([["file", "x.txt"]]);
  });

  test.each([
    ["/json", "{", "application/json"],
    ["/json", "", "application/json"],
    ["/form", "a=1", "text/plain"],
    ["/form", "no boundary", "multipart/form-data; boundary=x"],
  ])("a malformed one is 400: %s %j", async (path, body, type) => {
    const options = { body, headers: { "content-type": type } };
    const response = await clientOf(echo()).post(path, options);
    expect(response.status).toBe(400);
    expect(logged).not.toHaveBeenCalled();
  });

  test("a schema types and validates JSON", async () => {
    const app = appWith();
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          typeof (value as { title?: unknown }).title === "string"
            ? { value: { title: (value as { title: string }).title.trim() } }
            : { issues: [{ message: "title is missing" }] },
      },
    } as const;
    app.route("/", { methods: ["POST"] }, async (req, res) => {
      const { title } = await req.json(schema);
      res.text = title.toUpperCase();
    });
    const client = clientOf(app);
    expect(await (await client.post("/", { json: { title: " a " } })).text()).toBe("A");
    const refused = await client.post("/", { json: {} });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("title is missing");
  });

  test.each(["/json", "/text", "/bytes", "/form"])("%s over the limit is 413", async (path) => {
    const app = echo({ BODY_LIMIT: 100 });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const inside = await clientOf(app).post(path, { body: `"${"a".repeat(98)}"`, headers });
    expect(inside.status).toBe(200);
    const over = await clientOf(app).post(path, { body: "a".repeat(101), headers });
    expect(over.status).toBe(413);

    const server = await live(app);
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${headers["content-type"]}\r\nConnection: close\r\n`;
    const announced = await raw(server, `${head}Content-Length: 101\r\n\r\n${"a".repeat(101)}`);
    expect(announced).toMatch(/^HTTP\/1.1 413/);
    const chunk = `32\r\n${"a".repeat(50)}\r\n`;
    const fits = `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n"a\r\n${chunk}1\r\n"\r\n0\r\n\r\n`;
    expect(await raw(server, fits)).toMatch(/^HTTP\/1.1 200/);
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}0\r\n\r\n`;
    expect(await raw(server, chunked)).toMatch(/^HTTP\/1.1 413/);
  });

  test("the limit is 1 MiB by default", async () => {
    const client = clientOf(echo());
    expect((await client.post("/text", { body: "a".repeat(1024 * 1024) })).status).toBe(200);
    expect((await client.post("/text", { body: "a".repeat(1024 * 1024 + 1) })).status).toBe(413);
  });
});

describe("responses", () => {
  async function answer(view: View<Data, unknown>): Promise<Response> {
    const app = appWith();
    app.route("/", view);
    return clientOf(app).get("/");
  }

  test("nothing set is 200 without a body", async () => {
    const response = await answer(() => undefined);
    expect([response.status, response.headers.get("content-length")]).toEqual([200, "0"]);
    expect(await response.text()).toBe("");
  });

  test("json, text and html have their types, which a header goes before", async () => {
    const json = await answer((_req, res) => {
      res.status = 201;
      res.json = [1];
    });
    expect([json.status, json.headers.get("content-type")]).toEqual([201, "application/json"]);
    const text = await answer(async (_req, res) => {
      res.text = "a";
    });
    expect(text.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const html = await answer((_req, res) => {
      res.html = "<p>";
      res.headers.set("content-type", "application/xhtml+xml");
    });
    expect(html.headers.get("content-type")).toBe("application/xhtml+xml");
  });

  test("a body may be a stream", async () => {
    const response = await answer((_req, res) => {
      res.body = new Blob(["a", "b"]).stream();
    });
    expect(await response.text()).toBe("ab");
  });

  test("204 has no body, whatever was set", async () => {
    const app = appWith();
    app.route("/", (_req, res) => {
      res.json = { a: 1 };
      res.status = 204;
    });
    const server = await live(app);
    const response = await raw(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(response).toMatch(/^HTTP\/1.1 204/);
    expect(response).toMatch(/\r\n\r\n$/);
    expect(response).not.toMatch(/content-type|content-length|transfer-encoding/i);
  });

  test("a redirect", async () => {
    const response = await answer((_req, res) => res.redirect("/über\r\nset-cookie: a=b", 303));
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/%C3%BCber%0D%0Aset-cookie:%20a=b");
    expect(response.headers.getSetCookie()).toEqual([]);
    expect((await answer((_req, res) => res.redirect("/", 200))).status).toBe(500);
  });

  test("a Response that is returned is sent, with the headers that were set", async () => {
    const response = await answer((_req, res) => {
      res.headers.append("set-cookie", "a=1");
      res.headers.set("x-b", "2");
      const headers = { "x-b": "1", "set-cookie": "c=3" };
      return new Response("mine", { status: 418, headers });
    });
    expect(response.status).toBe(418);
    expect(response.headers.get("x-b")).toBe("2");
    expect(response.headers.getSetCookie()).toEqual(["c=3", "a=1"]);
    expect(await response.text()).toBe("mine");
  });

  test("anything else that is returned is ignored", async () => {
    const response = await answer((_req, res) => (res.json = { a: 1 }));
    expect(await response.json()).toEqual({ a: 1 });
  });

  test.each([0, 99, 600, 200.5, Number.NaN, "200" as unknown as number])(
    "the status %s is a failure of the view",
    async (status) => {
      const response = await answer((_req, res) => {
        res.status = status;
      });
      expect(response.status).toBe(500);
      expect(logged).toHaveBeenCalledOnce();
    },
  );

  test.each([[undefined], [() => 1], [10n]])("%s is not JSON", async (value) => {
    const response = await answer((_req, res) => {
      res.json = value;
    });
    expect(response.status).toBe(500);
  });
});

describe("errors", () => {
  class Missing extends Error {}
  class MissingItem extends Missing {
    item = 7;
  }

  test("an HTTPError is answered as JSON, with its headers", async () => {
    const app = appWith();
    app.route("/", () => {
      throw new HTTPError(429, { detail: { wait: 30 }, headers: { "retry-after": "30" } });
    });
    const response = await clientOf(app).get("/");
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("30");
    expect(await response.json()).toEqual({
      status: 429,
      error: "Too Many Requests",
      detail: { wait: 30 },
    });
    expect(logged).not.toHaveBeenCalled();
  });

  test.each(["sync", "async"])(
    "a failure is a 500 that tells nothing, logged (%s)",
    async (kind) => {
      const app = appWith();
      const fail = () => {
        throw new Error("password is 1234");
      };
      app.route("/", kind === "sync" ? fail : async () => fail());
      const response = await clientOf(app).get("/");
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({ status: 500, error: "Internal Server Error" });
      const [, error] = logged.mock.calls[0]!;
      expect((error as Error).stack).toContain("framework-http.test.ts");
    },
  );

  test("what is thrown need not be an Error", async () => {
    const app = appWith();
    app.route("/", () => Promise.reject("secret words"));
    app.errorHandler(Error, () => undefined);
    const response = await clientOf(app).get("/");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
  });

  test("the handler of the nearest class answers", async () => {
    const app = appWith();
    app.errorHandler(Error, (_req, res) => {
      res.text = "any";
    });
    app.errorHandler(Missing, async (_req, res, error) => {
      res.status = 404;
      res.text = error.message;
    });
    app.route("/item", () => {
      throw new MissingItem("no item");
    });
    app.route("/other", () => {
      throw new TypeError("no");
    });
    const client = clientOf(app);
    const item = await client.get("/item");
    expect([item.status, await item.text()]).toEqual([404, "no item"]);
    expect(await (await client.get("/other")).text()).toBe("any");
    expect(await (await client.get("/unknown")).text()).toBe("any");
    expect(logged).not.toHaveBeenCalled();
  });

  test("nothing of the failed view's body is left", async () => {
    const app = appWith();
    app.route("/", (_req, res) => {
      res.status = 201;
      res.headers.set("cache-control", "public, max-age=60");
      res.headers.set("x-kept", "1");
      res.html = "<p>";
      throw new HTTPError(400);
    });
    const response = await clientOf(app).get("/");
    expect(response.status).toBe(400);
    expect(response.headers.get("cache-control")).toBeNull();
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-kept")).toBe("1");
  });

  test("an error handler that fails is a 500; one that throws an HTTPError means it", async () => {
    const app = appWith();
    app.errorHandler(Missing, () => {
      throw new Error("broken handler");
    });
    app.errorHandler(TypeError, (_req, _res, cause) => {
      throw new HTTPError(503, { cause });
    });
    app.route("/a", () => Promise.reject(new Missing()));
    app.route("/b", () => Promise.reject(new TypeError()));
    const client = clientOf(app);
    expect((await client.get("/a")).status).toBe(500);
    expect(String(logged.mock.calls[0]![1])).toContain("broken handler");
    expect((await client.get("/b")).status).toBe(503);
    expect(logged).toHaveBeenCalledOnce();
  });
});

describe("middleware", () => {
  test("stands around views, 404s and errors, in order", async () => {
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

  test("one that does not go on answers itself", async () => {
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
  test("an app brings its routes, middleware and error handlers", async () => {
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

  test("an h3 app and a fetch handler see the path without the prefix", async () => {
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
    expect(() => app.mount("/bad", {} as never)).toThrow("no app or fetch handler");
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

describe("the session in HTTP", () => {
  function counting(options: object = {}): App<Data> {
    const app = appWith({ SESSIONS: { ...SESSIONS, ...options } });
    app.route("/count", { methods: ["GET", "POST"] }, (req, res) => {
      req.session.count = (req.session.count ?? 0) + 1;
      res.json = req.session.count;
    });
    app.route("/read", (req, res) => (res.json = req.session.count ?? null));
    app.route("/untouched", (_req, res) => (res.json = null));
    app.route("/logout", { methods: ["POST"] }, (req) => {
      req.session = null;
    });
    app.route("/replace", { methods: ["POST"] }, (req) => {
      req.session = { count: 50 };
    });
    return app;
  }

  test("is kept from one request to the next", async () => {
    const client = clientOf(counting());
    expect(await (await client.get("/count")).json()).toBe(1);
    expect(await (await client.post("/count")).json()).toBe(2);
    await client.post("/replace");
    expect(await (await client.get("/read")).json()).toBe(50);
    await client.post("/logout");
    expect(await (await client.get("/read")).json()).toBeNull();
    expect(client.cookies.get("session", client.baseUrl)).toBeUndefined();
  });

  test("untouched it leaves no trace; read it varies; written it is private", async () => {
    const client = clientOf(counting());
    await client.get("/count");
    const untouched = await client.get("/untouched");
    expect(untouched.headers.get("vary")).toBeNull();
    const read = await client.get("/read");
    expect(read.headers.get("vary")).toBe("Cookie");
    expect(read.headers.get("cache-control")).toBeNull();
    expect(read.headers.getSetCookie()).toEqual([]);
    const written = await client.get("/count");
    expect(written.headers.get("vary")).toBe("Cookie");
    expect(written.headers.get("cache-control")).toBe("private, no-store");
    expect(written.headers.getSetCookie()).toHaveLength(1);
  });

  test("survives an error response", async () => {
    const app = counting();
    app.route("/fails", (req) => {
      req.session.count = 7;
      throw new Error("after the change");
    });
    const client = clientOf(app);
    const response = await client.get("/fails");
    expect(response.status).toBe(500);
    expect(await (await client.get("/read")).json()).toBe(7);
  });

  test("survives a status that is none", async () => {
    const app = counting();
    app.route("/fails", (req, res) => {
      req.session.count = 8;
      res.status = 1000;
    });
    const client = clientOf(app);
    expect((await client.get("/fails")).status).toBe(500);
    expect(await (await client.get("/read")).json()).toBe(8);
  });

  test("can be read and changed in an error handler and in middleware, also for a 404", async () => {
    const app = counting();
    app.use(async (req, _res, next) => {
      await next();
      if (req.url.pathname === "/count") req.session.user = { name: "mw" };
    });
    app.errorHandler(HTTPError, (req, res, error) => {
      req.session.count = error.status;
      res.status = error.status;
    });
    const client = clientOf(app);
    expect((await client.get("/nowhere")).status).toBe(404);
    expect(await (await client.get("/read")).json()).toBe(404);
    await client.get("/count");
    expect(await (await client.get("/read")).json()).toBe(405);
  });

  test.each([
    ["too large", "x".repeat(5000)],
    ["not JSON", (() => 1) as unknown as string],
  ])(
    "what cannot be saved (%s) is a logged 500 and leaves the cookie as it was",
    async (_, big) => {
      const app = counting();
      app.route("/big", (req, res) => {
        req.session.big = big;
        res.json = "lost";
      });
      const client = clientOf(app);
      await client.get("/count");
      const response = await client.get("/big");
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({ status: 500, error: "Internal Server Error" });
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(logged).toHaveBeenCalledOnce();
      expect(logged.mock.calls[0]![1]).toBeInstanceOf(SessionError);
      expect(await (await client.get("/read")).json()).toBe(1);
    },
  );

  test("an error handler answers for what cannot be saved", async () => {
    const app = counting();
    app.errorHandler(SessionError, (_req, res, error) => {
      res.status = 507;
      res.text = error.code;
    });
    app.route("/big", (req) => {
      req.session.big = "x".repeat(5000);
    });
    const response = await clientOf(app).get("/big");
    expect([response.status, await response.text()]).toEqual([507, "ERR_SESSION_TOO_LARGE"]);
  });

  test("switched off it says how to switch it on", async () => {
    const app = appWith();
    let caught: unknown;
    app.route("/", (req) => {
      try {
        req.session.count = 1;
      } catch (error) {
        caught = error;
      }
    });
    await clientOf(app).get("/");
    expect(caught).toMatchObject({ code: "ERR_SESSION_DISABLED" });
    expect(String(caught)).toContain("SESSIONS");
  });

  test("a request from another site is refused before anything of the app runs", async () => {
    const app = counting({ onEvent: () => undefined });
    const middleware = vi.fn((_req: unknown, _res: unknown, next: () => Promise<void>) => next());
    app.use(middleware);
    const client = clientOf(app);
    const response = await client.post("/count", { headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: "Forbidden", code: "ERR_SESSION_CSRF" });
    expect(middleware).not.toHaveBeenCalled();
    expect((await client.post("/count", { headers: { origin: "http://testserver" } })).status).toBe(
      200,
    );
  });

  test("strict wants a token, in the header or in a form that the view reads again", async () => {
    const { csrfToken } = await import("galleta");
    const app = counting({ csrf: "strict", onEvent: () => undefined });
    app.route("/token", (req, res) => (res.text = csrfToken(req.session)));
    app.route("/form", { methods: ["POST"] }, async (req, res) => {
      res.text = String((await req.formData()).get("title"));
    });
    const client = clientOf(app);
    await client.get("/count");
    const token = await (await client.get("/token")).text();
    expect((await client.post("/count")).status).toBe(403);
    expect((await client.post("/count", { headers: { "x-csrf-token": token } })).status).toBe(200);
    expect((await client.post("/form", { form: { title: "a" } })).status).toBe(403);
    const form = { title: "a", csrf_token: token };
    expect(await (await client.post("/form", { form })).text()).toBe("a");
    const server = await live(app);
    const cookie = client.cookies.header(client.baseUrl) ?? "";
    const body = new URLSearchParams(form);
    const real = await fetch(`${server.url}/form`, { method: "POST", body, headers: { cookie } });
    expect(await real.text()).toBe("a");
  });
});

describe("serving", () => {
  test("an app that is not configured says so", async () => {
    const app = new App();
    await expect(serve(app)).rejects.toMatchObject({ code: "ERR_GALLETA_NOT_CONFIGURED" });
    expect(() => app.fetch(new Request("http://a/"))).toThrow("configure(app");
    await expect(createClient(app).get("/")).rejects.toThrow("configure(app");
  });

  test("starts before it listens, and stops in the opposite order", async () => {
    const app = appWith();
    const inner = new App<Data>();
    const seen: string[] = [];
    app.on("startup", async () => void seen.push("start 1"));
    app.on("startup", () => void seen.push("start 2"));
    inner.on("startup", () => void seen.push("start inner"));
    app.on("shutdown", () => void seen.push("stop 1"));
    app.on("shutdown", () => {
      seen.push("stop 2");
      throw new Error("shutdown failed");
    });
    inner.on("shutdown", () => void seen.push("stop inner"));
    app.mount("/inner", inner);
    const server = await LiveServer.start(app);
    const second = await LiveServer.start(app);
    expect(seen).toEqual(["start 1", "start 2", "start inner"]);
    await second.close();
    expect(seen).toHaveLength(3);
    await server.close();
    await server.close();
    expect(seen.slice(3)).toEqual(["stop inner", "stop 2", "stop 1"]);
    expect(logged).toHaveBeenCalledOnce();
  });

  test("a startup listener that fails keeps it from listening", async () => {
    const app = appWith();
    const stop = vi.fn();
    app.on("startup", () => Promise.reject(new Error("no database")));
    app.on("shutdown", stop);
    await expect(LiveServer.start(app)).rejects.toThrow("no database");
    expect(stop).toHaveBeenCalledOnce();
  });

  test("a port that is taken is Node's own error, and the app is stopped again", async () => {
    const { port } = await live(appWith());
    const app = appWith();
    const stop = vi.fn();
    app.on("shutdown", stop);
    await expect(serve(app, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(stop).toHaveBeenCalledOnce();
  });

  test("close lets requests finish, and takes no more", async () => {
    const app = appWith();
    let enter!: () => void;
    let leave!: () => void;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const left = new Promise<void>((resolve) => (leave = resolve));
    app.route("/slow", async (_req, res) => {
      enter();
      await left;
      res.text = "done";
    });
    const server = await LiveServer.start(app);
    const response = fetch(`${server.url}/slow`);
    await entered;
    const closed = server.close({ timeout: 30 });
    await expect(fetch(server.url)).rejects.toThrow();
    leave();
    expect(await (await response).text()).toBe("done");
    await closed;
  });

  test("what is not through in time is cut off", async () => {
    const app = appWith();
    let enter!: () => void;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    app.route("/stuck", () => {
      enter();
      return new Promise(() => undefined);
    });
    const server = await LiveServer.start(app);
    const response = fetch(`${server.url}/stuck`);
    const failed = expect(response).rejects.toThrow();
    await entered;
    await server.close({ timeout: 0 });
    await failed;
  });

  test("an upgrade to something unknown is ignored", async () => {
    const app = appWith();
    app.websocketRoute("/ws", () => undefined);
    app.route("/", { methods: ["GET", "POST"] }, (_req, res) => (res.text = "plain"));
    const server = await live(app);
    const head = "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n";
    const get = await raw(server, `GET / HTTP/1.1\r\n${head}\r\n`);
    expect(get).toMatch(/^HTTP\/1.1 200/);
    expect(get).toMatch(/plain$/);
    const post = await raw(server, `POST / HTTP/1.1\r\n${head}Content-Length: 0\r\n\r\n`);
    expect(post).toMatch(/^HTTP\/1.1 400/);
  });

  test("two servers of one machine", async () => {
    const servers: Server[] = [];
    for (const name of ["one", "two"]) {
      const app = appWith();
      app.route("/", (_req, res) => (res.text = name));
      servers.push(await serve(app, { port: 0 }));
    }
    for (const server of servers) closers.push(() => server.close({ timeout: 0 }));
    const texts = servers.map(async ({ url }) => (await fetch(url)).text());
    expect(await Promise.all(texts)).toEqual(["one", "two"]);
  });
});
