import { csrfToken, HTTPError, SessionError, type App } from "galleta";
import { describe, expect, test, vi } from "vitest";
import { appWith, clientOf, live, SESSIONS, watchLog, type Data } from "./support/framework.ts";

const log = watchLog();

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

  test("adds no header unused, Vary when read, and is private when written", async () => {
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

  test("survives an invalid status", async () => {
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
      expect(log()).toHaveBeenCalledOnce();
      expect(log().mock.calls[0]![1]).toBeInstanceOf(SessionError);
      expect(await (await client.get("/read")).json()).toBe(1);
    },
  );

  test("an error handler answers if it cannot be saved", async () => {
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

  test("says how to switch it on while it is off", async () => {
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

  test("denies a request from another site before its view runs, and shows it to middleware", async () => {
    const app = counting({ onEvent: () => undefined });
    const view = vi.fn();
    app.route("/view", { methods: ["POST"] }, view);
    const seen: number[] = [];
    app.use(async (_req, res, next) => {
      await next().finally(() => seen.push(res.status));
    });
    const client = clientOf(app);
    const response = await client.post("/view", { headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: "Forbidden", code: "ERR_SESSION_CSRF" });
    expect(view).not.toHaveBeenCalled();
    expect(seen).toEqual([403]);
    expect((await client.post("/count", { headers: { origin: "http://testserver" } })).status).toBe(
      200,
    );
  });

  test("needs a token with strict, in the header or in a form that the view can still read", async () => {
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
