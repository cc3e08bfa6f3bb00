import { HTTPError, type View } from "galleta";
import { describe, expect, test } from "vitest";
import { appWith, clientOf, live, raw, watchLog, type Data } from "./support/framework.ts";

const log = watchLog();

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

  test("json, text and html have their types, unless the header is set", async () => {
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

  test("204 has no body, even if one was set", async () => {
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

  test("a returned Response is sent, with the headers that were set", async () => {
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
      expect(log()).toHaveBeenCalledOnce();
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
    expect(log()).not.toHaveBeenCalled();
  });

  test.each(["sync", "async"])(
    "a failure is a 500 that reveals nothing, logged (%s)",
    async (kind) => {
      const app = appWith();
      const fail = () => {
        throw new Error("password is 1234");
      };
      app.route("/", kind === "sync" ? fail : async () => fail());
      const response = await clientOf(app).get("/");
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({ status: 500, error: "Internal Server Error" });
      const [, error] = log().mock.calls[0]!;
      expect((error as Error).stack).toContain("framework-responses.test.ts");
    },
  );

  test("a thrown value need not be an Error", async () => {
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
    expect(log()).not.toHaveBeenCalled();
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

  test("an error handler that fails is a 500; one that throws an HTTPError answers with its status", async () => {
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
    expect(String(log().mock.calls[0]![1])).toContain("broken handler");
    expect((await client.get("/b")).status).toBe(503);
    expect(log()).toHaveBeenCalledOnce();
  });
});
