import { describe, expect, test } from "vitest";
import { appWith, clientOf, live, raw, watchLog, type Data } from "./support/framework.ts";
import type { App, AppSettings } from "galleta";

const log = watchLog();

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
    expect(() => app.route("/a", () => undefined)).toThrow("GET /a already has a view");
    expect(() => app.route("a" as "/a", () => undefined)).toThrow("must start with a slash");
    expect(() => app.route("/b", { methods: [] }, () => undefined)).toThrow("methods");
    expect(() => app.route("/b", { methods: ["get" as "GET"] }, () => undefined)).toThrow(
      "methods",
    );
    expect(() => app.route("/b", undefined as never)).toThrow("must be a function");
  });
});

describe("bodies of requests", () => {
  function echo(settings: AppSettings = {}): App<Data> {
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
    expect(log()).not.toHaveBeenCalled();
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
