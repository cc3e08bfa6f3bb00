import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { App, HTTPError } from "galleta";
import { HandshakeRejected } from "galleta/testing";
import { describe, expect, test, vi } from "vitest";
import {
  appWith,
  atEnd,
  clientOf,
  latch,
  live,
  SESSIONS,
  watchLog,
  type Data,
} from "./support/framework.ts";
import { handshake, handshakeHead } from "./support/handshake.ts";

const log = watchLog();

/** The guard from the doc comment of `App.use`, and a socket behind it. */
function adminApp(view: () => void) {
  const app = appWith({ SESSIONS });
  app.use(async (req, res, next) => {
    if (req.url.pathname.startsWith("/admin") && req.session.count !== 1) throw new HTTPError(403);
    await next();
    res.headers.set("x-frame-options", "DENY");
  });
  app.route("/login", { methods: ["POST"] }, (req) => void (req.session.count = 1));
  app.websocketRoute("/admin/feed", async (ws) => {
    view();
    await ws.send(`count ${ws.session.count}`);
    for await (const message of ws) await ws.send(message);
  });
  return app;
}

const refusalOf = (opening: Promise<unknown>) =>
  opening.then(
    () => "opened",
    (error: unknown) => (error instanceof HandshakeRejected ? error.status : error),
  );

describe("middleware around a socket", () => {
  test("denies users who may not see the page, and accepts those who may", async () => {
    const view = vi.fn();
    const app = adminApp(view);
    const client = clientOf(app);
    expect(await refusalOf(client.websocket("/admin/feed"))).toBe(403);
    expect(view).not.toHaveBeenCalled();
    await client.post("/login");
    const socket = await client.websocket("/admin/feed");
    expect(socket.headers.get("x-frame-options")).toBe("DENY");
    expect(await socket.receive()).toBe("count 1");
    await socket.send("x");
    expect(await socket.receive()).toBe("x");
    await socket.close();
  });

  test("guards the sockets of a mounted app, with its own middleware inside", async () => {
    const seen: string[] = [];
    const inner = new App<Data>();
    inner.use((_req, _res, next) => {
      seen.push("inner");
      return next();
    });
    inner.websocketRoute("/feed", (ws) => ws.send("in"));
    const app = appWith();
    app.use((req, _res, next) => {
      seen.push("outer");
      if (req.headers.get("authorization") === null) throw new HTTPError(401);
      return next();
    });
    app.mount("/in", inner);
    const client = clientOf(app);
    expect(await refusalOf(client.websocket("/in/feed"))).toBe(401);
    const socket = await client.websocket("/in/feed", { headers: { authorization: "me" } });
    expect(await socket.receive()).toBe("in");
    expect(seen).toEqual(["outer", "outer", "inner"]);
  });

  test("denies with its own answer, and keeps its headers and cookies", async () => {
    const app = appWith({ SESSIONS });
    const view = vi.fn();
    app.use((req, res) => {
      req.session.count = 7;
      res.headers.set("retry-after", "60");
      res.status = 429;
      res.text = "slow down";
    });
    app.websocketRoute("/ws", view);
    const server = await live(app);
    const { lines, socket } = await handshake(server);
    expect(lines[0]).toBe("HTTP/1.1 429 Too Many Requests");
    expect(lines).toContain("retry-after: 60");
    expect(lines.join("\n")).toContain("set-cookie: session=");
    socket.destroy();
    expect(view).not.toHaveBeenCalled();
  });

  test("answers its own failure with 500, its handled error with its handler", async () => {
    const app = appWith();
    app.use((req, _res, next) => {
      if (req.query.has("bug")) throw new Error("bug");
      if (req.query.has("range")) throw new RangeError("handled");
      return next();
    });
    app.errorHandler(RangeError, (_req, res) => (res.status = 416));
    app.websocketRoute("/ws", (ws) => ws.send("open"));
    const client = clientOf(app);
    expect(await refusalOf(client.websocket("/ws?bug"))).toBe(500);
    expect(log()).toHaveBeenCalledOnce();
    expect(await refusalOf(client.websocket("/ws?range"))).toBe(416);
    expect(await (await client.websocket("/ws")).receive()).toBe("open");
  });

  test("that fails after next() denies too, and the view learns of it", async () => {
    const app = appWith();
    const ended = latch<unknown>();
    app.use(async (_req, _res, next) => {
      await next();
      throw new HTTPError(451);
    });
    app.websocketRoute("/ws", (ws) => ws.accept().catch(ended.open));
    expect(await refusalOf(clientOf(app).websocket("/ws"))).toBe(451);
    expect(await ended.opened).toMatchObject({ code: "ERR_GALLETA_WEBSOCKET_DISCONNECT" });
  });

  test("runs before the view and before the 101, and changes the session that the view gets", async () => {
    const app = appWith({ SESSIONS });
    const order: string[] = [];
    app.use(async (req, res, next) => {
      await sleep(5);
      order.push("before");
      req.session.count = 5;
      await next();
      order.push(`after ${res.status}`);
    });
    app.websocketRoute("/ws", async (ws) => {
      order.push(`view ${ws.session.count}`);
      await ws.accept();
      order.push("open");
    });
    const client = clientOf(app);
    const socket = await client.websocket("/ws");
    await socket.closed;
    expect(order).toEqual(["before", "view 5", "after 101", "open"]);
    expect(client.cookies.header(new URL("http://testserver/"))).toContain("session=");
  });

  test("sees the status of every handshake, denied ones with a sealed session", async () => {
    const app = appWith({ SESSIONS });
    const lines: string[] = [];
    app.use(async (req, res, next) => {
      try {
        await next();
      } finally {
        let sealed = "";
        try {
          void req.session.count;
        } catch (error) {
          sealed = (error as Error).name;
        }
        lines.push(`${req.url.pathname} ${res.status} ${sealed}`);
      }
    });
    app.websocketRoute("/open", (ws) => ws.send("x"));
    app.websocketRoute("/reject", (ws) => ws.reject(402));
    app.websocketRoute("/bug", () => {
      throw new Error("bug");
    });
    const server = await live(app);
    for (const path of ["/open", "/reject", "/bug", "/none"]) {
      (await handshake(server, {}, path)).socket.destroy();
    }
    const evil = await handshake(server, { Origin: "https://evil.example" }, "/open");
    expect(evil.lines[0]).toBe("HTTP/1.1 403 Forbidden");
    expect(lines.map((line) => line.trim())).toEqual([
      "/open 101",
      "/reject 402",
      "/bug 500",
      "/none 404 HTTPError",
      "/open 403 HTTPError",
    ]);
    expect(log()).toHaveBeenCalledOnce();
  });

  test("ends if the client leaves while the view decides", async () => {
    const app = appWith();
    const through = latch<number>();
    const asked = latch();
    app.use(async (_req, res, next) => {
      await next().catch(() => undefined);
      through.open(res.status);
    });
    app.websocketRoute("/ws", { autoAccept: false }, async (ws) => {
      asked.open();
      await once(ws.signal, "abort");
    });
    const { port } = await live(app);
    const client = connect(port, "127.0.0.1");
    client.write(handshakeHead(port));
    await asked.opened;
    client.resetAndDestroy();
    expect(await through.opened).toBe(400);
  });
});

describe("a handshake that the view never answers", () => {
  test("gets 503 after a minute at most, with and without middleware", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    atEnd(() => vi.useRealTimers());
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (const withMiddleware of [false, true]) {
      const app = appWith();
      if (withMiddleware) app.use((_req, _res, next) => next());
      const asked = latch();
      const aborted = latch();
      app.websocketRoute("/ws", { autoAccept: false }, async (ws) => {
        ws.signal.addEventListener("abort", () => aborted.open());
        asked.open();
        await new Promise(() => undefined);
      });
      const server = await live(app);
      const answer = handshake(server);
      await asked.opened;
      await vi.advanceTimersByTimeAsync(60_000);
      const { lines } = await answer;
      expect(lines[0]).toBe("HTTP/1.1 503 Service Unavailable");
      await aborted.opened;
    }
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toContain("did not answer");
  });
});
