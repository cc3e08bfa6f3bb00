import { once } from "node:events";
import { connect } from "node:net";
import { App, HTTPError, WebSocketDisconnect } from "galleta";
import { describe, expect, test, vi } from "vitest";
import {
  appWith,
  clientOf,
  latch,
  live,
  SESSIONS,
  watchLog,
  type Data,
} from "./support/framework.ts";
import { handshake, handshakeHead, refusal } from "./support/handshake.ts";

const log = watchLog();

describe("the handshake", () => {
  test("of another site is denied before the view, without a cookie", async () => {
    const app = appWith({ SESSIONS });
    const view = vi.fn();
    app.websocketRoute("/ws", view);
    const server = await live(app);
    const { lines } = await handshake(server, { Origin: "https://evil.example" });
    expect(lines[0]).toBe("HTTP/1.1 403 Forbidden");
    expect(lines.join("\n").toLowerCase()).not.toContain("set-cookie");
    expect(view).not.toHaveBeenCalled();
    const own = await handshake(server, { Origin: server.url });
    expect(own.lines[0]).toContain("101");
  });

  test("leaves a log that names the request, both origins and the remedy", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const view = vi.fn();
    // The console shows a reason once in ten seconds, so each denial has its own app.
    const serve = () => {
      const app = appWith({ SESSIONS: { secretKey: SESSIONS.secretKey } });
      app.websocketRoute("/ws", view);
      app.route("/todos", { methods: ["POST"] }, view);
      return live(app);
    };
    const remedy =
      "Behind a proxy, set trustProxy. To accept another site, add its origin to trustedOrigins.";
    const page = await serve();
    const headers = { origin: `http://evil.example:${page.port}` };
    const post = await fetch(`${page.url}/todos?key=1`, { method: "POST", headers });
    expect(post.status).toBe(403);
    expect(warn).toHaveBeenLastCalledWith(
      `[galleta] POST /todos denied: Origin ${headers.origin}; this site is http://127.0.0.1:${page.port} (different host). The Origin is not this site. ${remedy}`,
    );
    const { port } = await serve();
    await handshake({ port }, { Origin: `https://127.0.0.1:${port}` }, "/ws?key=1");
    expect(warn).toHaveBeenLastCalledWith(
      `[galleta] WebSocket handshake /ws denied: Origin https://127.0.0.1:${port}; this site is http://127.0.0.1:${port} (different scheme). The Origin is not this site. ${remedy}`,
    );
    expect(warn).toHaveBeenCalledTimes(2);
    expect(view).not.toHaveBeenCalled();
    expect(log()).not.toHaveBeenCalled();
  });

  test.each([
    [{ "Sec-WebSocket-Key": "short" }, 400],
    [{ "Sec-WebSocket-Version": "12" }, 426],
  ])("%j is not a handshake: %i", async (fields, status) => {
    const app = appWith({ SESSIONS });
    const view = vi.fn();
    app.websocketRoute("/ws", view);
    const { lines } = await handshake(await live(app), fields as Record<string, string>);
    expect(lines[0]).toMatch(`HTTP/1.1 ${status}`);
    if (status === 426) expect(lines).toContain("sec-websocket-version: 13");
    expect(view).not.toHaveBeenCalled();
  });

  test("an unknown or malformed path", async () => {
    const app = appWith({ SESSIONS });
    app.websocketRoute("/ws", () => undefined);
    const server = await live(app);
    expect((await handshake(server, {}, "/other")).lines[0]).toBe("HTTP/1.1 404 Not Found");
    expect((await handshake(server, {}, "/%zz")).lines[0]).toBe("HTTP/1.1 400 Bad Request");
    const { lines, socket } = await handshake(server, {}, "/ws/");
    expect(lines[0]).toContain("101");
    socket.destroy();
  });

  test("reject answers with a real status, JSON and the session's cookies", async () => {
    const app = appWith({ SESSIONS });
    app.websocketRoute("/ws", { autoAccept: false }, async (ws) => {
      ws.session.count = 1;
      await ws.reject(402, { detail: "pay first", headers: { "retry-after": "60" } });
      await expect(ws.accept()).rejects.toBeInstanceOf(WebSocketDisconnect);
      await expect(ws.send("late")).rejects.toBeInstanceOf(WebSocketDisconnect);
    });
    const client = clientOf(app);
    const refused = await refusal(client.websocket("/ws"));
    expect(refused.status).toBe(402);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect(JSON.parse(refused.body)).toEqual({
      status: 402,
      error: "Payment Required",
      detail: "pay first",
    });
    expect(client.cookies.get("session", client.baseUrl)).toBeDefined();
    expect(log()).not.toHaveBeenCalled();
  });

  test("a view that neither accepts nor rejects is a 403; an HTTPError means its status", async () => {
    const app = appWith({ SESSIONS });
    app.websocketRoute("/silent", { autoAccept: false }, () => undefined);
    app.websocketRoute("/close", { autoAccept: false }, (ws) => ws.close());
    app.websocketRoute("/error", () => {
      throw new HTTPError(401, { detail: "who?" });
    });
    app.websocketRoute("/broken", () => {
      throw new Error("secret words");
    });
    const client = clientOf(app);
    expect((await refusal(client.websocket("/silent"))).status).toBe(403);
    expect((await refusal(client.websocket("/close"))).status).toBe(403);
    const error = await refusal(client.websocket("/error"));
    expect([error.status, JSON.parse(error.body).detail]).toEqual([401, "who?"]);
    expect(log()).not.toHaveBeenCalled();
    const broken = await refusal(client.websocket("/broken"));
    expect(broken.status).toBe(500);
    expect(broken.body).not.toContain("secret");
    expect(log()).toHaveBeenCalledOnce();
  });

  test("with autoAccept false nothing is sent or received before accept", async () => {
    const app = appWith({ SESSIONS });
    const codes: unknown[] = [];
    app.websocketRoute("/ws", { autoAccept: false }, async (ws) => {
      await ws.send("a").catch((error) => codes.push(error.code));
      await ws.receive().catch((error) => codes.push(error.code));
      await ws.accept({ protocol: "z" }).catch((error) => codes.push(error.code));
      await ws.accept();
      await ws.accept().catch((error) => codes.push(error.code));
      await ws.reject().catch((error) => codes.push(error.code));
      await ws.send("b");
    });
    const socket = await clientOf(app).websocket("/ws", { protocols: [] });
    expect(await socket.receive()).toBe("b");
    expect((await socket.closed).code).toBe(1000);
    expect(codes).toEqual(Array.from({ length: 5 }, () => "ERR_GALLETA_WEBSOCKET_STATE"));
  });

  test("a client that disconnects before the answer ends the view", async () => {
    const app = appWith({ SESSIONS });
    const entered = latch();
    const proceed = latch();
    const end = latch<unknown>();
    app.websocketRoute("/ws", async (ws) => {
      entered.open();
      await proceed.opened;
      await ws.accept().catch(end.open);
      await expect(ws.send("x")).rejects.toBeInstanceOf(WebSocketDisconnect);
    });
    const server = await live(app);
    const socket = connect(server.port, "127.0.0.1");
    socket.write(handshakeHead(server.port));
    await entered.opened;
    socket.resetAndDestroy();
    await once(socket, "close");
    // A round trip on another connection: by then the server has seen the reset.
    await fetch(server.url);
    proceed.open();
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
    expect(log()).not.toHaveBeenCalled();
  });

  test("sockets of a mounted app are found below its prefix", async () => {
    const inner = new App<Data>();
    inner.websocketRoute("/ws/:id", (ws) => ws.send(ws.params.id));
    const app = appWith({ SESSIONS });
    app.mount("/api", inner);
    expect(await (await clientOf(app).websocket("/api/ws/7")).receive()).toBe("7");
  });
});
