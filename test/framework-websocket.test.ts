import { randomBytes } from "node:crypto";
import { connect, type Socket as NetSocket } from "node:net";
import { once } from "node:events";
import { App, configure, HTTPError, renew, WebSocketDisconnect } from "galleta";
import { createClient, HandshakeRefused, LiveServer } from "galleta/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket as Client } from "ws";

interface Data {
  count: number;
  big: string;
  nested: { list: number[] };
}

const SECRET = "b1946ac92492d2347c6235b4d2611184a5f3c0d9";
const SESSIONS = { secretKey: SECRET, onEvent: () => undefined };

const closers: (() => unknown)[] = [];
let logged: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  vi.restoreAllMocks();
});

function appWith(settings: object = { SESSIONS }): App<Data> {
  const app = new App<Data>();
  configure(app, settings);
  return app;
}

function clientOf(app: App<Data>) {
  const client = createClient(app);
  closers.push(() => client.close());
  return client;
}

async function live(app: App<Data>): Promise<LiveServer> {
  const server = await LiveServer.start(app);
  closers.push(() => server.close());
  return server;
}

/** A promise and what settles it: tests wait for what happens, never for a time. */
function latch<Value = void>() {
  let open!: (value: Value) => void;
  const opened = new Promise<Value>((resolve) => (open = resolve));
  return { open, opened };
}

async function refusal(promise: Promise<unknown>): Promise<HandshakeRefused> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HandshakeRefused);
  return error as HandshakeRefused;
}

const KEY = randomBytes(16).toString("base64");

/** A handshake on a bare socket: the lines of the answer's head, as they came. */
async function handshake(
  { port }: LiveServer,
  fields: Record<string, string> = {},
  path = "/ws",
): Promise<{ lines: string[]; socket: NetSocket }> {
  const socket = connect(port, "127.0.0.1");
  closers.push(() => socket.destroy());
  const head = {
    Host: `127.0.0.1:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...fields,
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  let received = "";
  while (!received.includes("\r\n\r\n")) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received += chunk.toString("latin1");
  }
  return { lines: received.split("\r\n\r\n", 1)[0]!.split("\r\n"), socket };
}

describe("messages", () => {
  test("text, JSON and bytes, in order, from text and from binary frames", async () => {
    const app = appWith({});
    app.websocketRoute("/text/:room", async (ws) => {
      for await (const message of ws) {
        await ws.send(`${ws.params.room}${ws.query.get("q")}:${message}`);
      }
    });
    app.websocketRoute("/json", { valueType: "json" }, async (ws) => {
      for await (const message of ws) await ws.send({ got: message });
    });
    app.websocketRoute("/bytes", { valueType: "bytes" }, async (ws) => {
      for await (const message of ws) await ws.send(message.toReversed());
    });
    const client = clientOf(app);
    const text = await client.websocket("/text/a%20b?q=7");
    text.send("1");
    text.send(new TextEncoder().encode("2"));
    text.send("");
    expect([await text.receive(), await text.receive(), await text.receive()]).toEqual([
      "a b7:1",
      "a b7:2",
      "a b7:",
    ]);
    const json = await client.websocket("/json");
    json.sendJson({ a: [null] });
    expect(await json.receiveJson()).toEqual({ got: { a: [null] } });
    const bytes = await client.websocket("/bytes");
    bytes.send(new Uint8Array([1, 2]));
    bytes.send("ab");
    expect(await bytes.receive()).toEqual(new Uint8Array([2, 1]));
    expect(await bytes.receive()).toEqual(new TextEncoder().encode("ba"));
  });

  test("receive gives one at a time, and fails when there is none", async () => {
    const app = appWith({});
    const end = latch<unknown>();
    app.websocketRoute("/ws", async (ws) => {
      await ws.send(`${await ws.receive()}${await ws.receive()}`);
      await ws.receive().catch(end.open);
    });
    const socket = await clientOf(app).websocket("/ws");
    socket.send("a");
    socket.send("b");
    expect(await socket.receive()).toBe("ab");
    await socket.close(1000);
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
  });

  test("a message of the wrong kind closes with 1007", async () => {
    const app = appWith({});
    const ends: unknown[] = [];
    app.websocketRoute("/json", { valueType: "json" }, async (ws) => {
      try {
        for await (const _ of ws);
      } catch (error) {
        ends.push(error);
        throw error;
      }
    });
    app.websocketRoute("/text", async (ws) => {
      for await (const _ of ws);
    });
    const client = clientOf(app);
    const json = await client.websocket("/json");
    json.send("{");
    expect((await json.closed).code).toBe(1007);
    expect(ends).toMatchObject([{ closeCode: 1007 }]);
    const text = await client.websocket("/text");
    text.send(new Uint8Array([0xff]));
    expect((await text.closed).code).toBe(1007);
    expect(logged).not.toHaveBeenCalled();
  });

  test("what is sent must be of the socket's type", async () => {
    const app = appWith({});
    app.websocketRoute("/ws", { valueType: "json" }, async (ws) => {
      await ws.send(undefined);
    });
    await expect(clientOf(app).websocket("/ws")).rejects.toMatchObject({ status: 500 });
    expect(String(logged.mock.calls[0]![1])).toContain("undefined is not JSON");
  });

  test("one that is too large closes with 1009", async () => {
    const app = appWith({});
    const end = latch<unknown>();
    app.websocketRoute("/ws", { maxMessageSize: 100 }, async (ws) => {
      try {
        for await (const message of ws) await ws.send(String(message.length));
      } catch (error) {
        end.open(error);
      }
    });
    app.websocketRoute("/default", async (ws) => {
      for await (const message of ws) await ws.send(String(message.length));
    });
    const client = clientOf(app);
    const socket = await client.websocket("/ws");
    socket.send("a".repeat(100));
    expect(await socket.receive()).toBe("100");
    socket.send("a".repeat(101));
    expect((await socket.closed).code).toBe(1009);
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
    const roomy = await client.websocket("/default");
    roomy.send("a".repeat(1024 * 1024));
    expect(await roomy.receive()).toBe(String(1024 * 1024));
    roomy.send("a".repeat(1024 * 1024 + 1));
    expect((await roomy.closed).code).toBe(1009);
  });
});

describe("the session on a socket", () => {
  test("is the one of HTTP, and changes before the handshake reach the cookie", async () => {
    const app = appWith();
    app.route("/count", (req, res) => {
      req.session.count = (req.session.count ?? 0) + 1;
      res.json = req.session.count;
    });
    app.websocketRoute("/ws", async (ws) => {
      const before = ws.session.count;
      await Promise.resolve();
      ws.session.count = (before ?? 0) + 100;
      for await (const _ of ws) await ws.send(String(ws.session.count));
    });
    const client = clientOf(app);
    await client.get("/count");
    const socket = await client.websocket("/ws");
    socket.send("?");
    expect(await socket.receive()).toBe("101");
    expect(await (await client.get("/count")).json()).toBe(102);
  });

  test("untouched or unchanged it sets no cookie", async () => {
    const app = appWith();
    app.websocketRoute("/untouched", (ws) => ws.send("a"));
    app.websocketRoute("/read", (ws) => ws.send(String(ws.session.count)));
    const client = clientOf(app);
    for (const path of ["/untouched", "/read"]) {
      expect((await client.websocket(path)).headers.getSetCookie()).toEqual([]);
    }
  });

  test("after the handshake a write throws, and names what to do", async () => {
    const app = appWith();
    const errors: unknown[] = [];
    app.websocketRoute("/ws", async (ws) => {
      ws.session.nested = { list: [1] };
      await ws.accept();
      const late = [
        () => (ws.session.count = 1),
        () => ws.session.nested?.list.push(2),
        () => delete ws.session.nested,
        () => (ws.session = null),
        () => (ws.session = { count: 2 }),
        () => renew(ws.session),
      ];
      for (const change of late) {
        try {
          change();
          errors.push("no error");
        } catch (error) {
          errors.push(error);
        }
      }
      await ws.send(JSON.stringify(ws.session));
    });
    const socket = await clientOf(app).websocket("/ws");
    expect(await socket.receive()).toBe('{"nested":{"list":[1]}}');
    const expected = {
      code: "ERR_SESSION_HANDSHAKE_SENT",
      message: expect.stringContaining("update"),
    };
    expect(errors).toMatchObject(Array.from({ length: 6 }, () => expected));
  });

  test("first looked at after the handshake it is read-only, too", async () => {
    const app = appWith();
    const error = latch<unknown>();
    app.websocketRoute("/ws", async (ws) => {
      await ws.send("a");
      try {
        ws.session.count = 1;
      } catch (reason) {
        error.open(reason);
      }
    });
    await clientOf(app).websocket("/ws");
    expect(await error.opened).toMatchObject({ code: "ERR_SESSION_HANDSHAKE_SENT" });
  });

  test("several cookies and the app's own headers arrive on the 101, each on its own line", async () => {
    const app = appWith();
    app.websocketRoute("/ws", async (ws) => {
      ws.session.count = 1;
      const headers = new Headers({ "x-node": "7" });
      headers.append("set-cookie", "theme=dark; Path=/");
      headers.append("set-cookie", "lang=es; Expires=Wed, 01 Jan 2031 00:00:00 GMT");
      await ws.accept({ protocol: "chat.v2", headers });
      await ws.receive();
    });
    const server = await live(app);
    const { lines } = await handshake(server, { "Sec-WebSocket-Protocol": "chat.v1, chat.v2" });
    expect(lines[0]).toBe("HTTP/1.1 101 Switching Protocols");
    const of = (name: string) => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`));
    expect(of("set-cookie")).toEqual([
      "set-cookie: theme=dark; Path=/",
      "set-cookie: lang=es; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
      expect.stringMatching(
        /^set-cookie: session=[\w-]+; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    expect(of("x-node")).toEqual(["x-node: 7"]);
    expect(of("sec-websocket-protocol")).toEqual(["sec-websocket-protocol: chat.v2"]);
  });

  test("what cannot be saved refuses the handshake with a logged 500", async () => {
    const app = appWith();
    app.websocketRoute("/ws", async (ws) => {
      ws.session.big = "x".repeat(5000);
      for await (const _ of ws);
    });
    const refused = await refusal(clientOf(app).websocket("/ws"));
    expect(refused.status).toBe(500);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(logged.mock.calls[0]![1]).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  test("switched off, it says how to switch it on", async () => {
    const app = appWith({});
    app.websocketRoute("/ws", (ws) => ws.send(String(ws.session.count)));
    await refusal(clientOf(app).websocket("/ws"));
    expect(logged.mock.calls[0]![1]).toMatchObject({ code: "ERR_SESSION_DISABLED" });
  });
});

describe("the handshake", () => {
  test("another site is refused before the view, without a cookie", async () => {
    const app = appWith();
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

  test.each([
    [{ "Sec-WebSocket-Key": "short" }, 400],
    [{ "Sec-WebSocket-Version": "12" }, 426],
  ])("%j is no handshake: %i", async (fields, status) => {
    const app = appWith();
    const view = vi.fn();
    app.websocketRoute("/ws", view);
    const { lines } = await handshake(await live(app), fields as Record<string, string>);
    expect(lines[0]).toMatch(`HTTP/1.1 ${status}`);
    if (status === 426) expect(lines).toContain("sec-websocket-version: 13");
    expect(view).not.toHaveBeenCalled();
  });

  test("an unknown or malformed path", async () => {
    const app = appWith();
    app.websocketRoute("/ws", () => undefined);
    const server = await live(app);
    expect((await handshake(server, {}, "/other")).lines[0]).toBe("HTTP/1.1 404 Not Found");
    expect((await handshake(server, {}, "/%zz")).lines[0]).toBe("HTTP/1.1 400 Bad Request");
    const { lines, socket } = await handshake(server, {}, "/ws/");
    expect(lines[0]).toContain("101");
    socket.destroy();
  });

  test("reject answers with a real status, JSON and what the session says", async () => {
    const app = appWith();
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
    expect(logged).not.toHaveBeenCalled();
  });

  test("a view that neither accepts nor rejects is a 403; an HTTPError means its status", async () => {
    const app = appWith();
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
    expect(logged).not.toHaveBeenCalled();
    const broken = await refusal(client.websocket("/broken"));
    expect(broken.status).toBe(500);
    expect(broken.body).not.toContain("secret");
    expect(logged).toHaveBeenCalledOnce();
  });

  test("with autoAccept false nothing is sent or received before accept", async () => {
    const app = appWith();
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

  test("a client that goes away before the answer ends the view", async () => {
    const app = appWith();
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
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await entered.opened;
    socket.resetAndDestroy();
    await once(socket, "close");
    // A round trip on another connection: by then the server has seen the reset.
    await fetch(server.url);
    proceed.open();
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
    expect(logged).not.toHaveBeenCalled();
  });

  test("sockets of a mounted app are found below its prefix", async () => {
    const inner = new App<Data>();
    inner.websocketRoute("/ws/:id", (ws) => ws.send(ws.params.id));
    const app = appWith();
    app.mount("/api", inner);
    expect(await (await clientOf(app).websocket("/api/ws/7")).receive()).toBe("7");
  });
});

describe("the end", () => {
  test.each([[1000], [1001], [undefined]])("code %s ends the loop quietly", async (code) => {
    const app = appWith();
    const end = latch<string>();
    app.websocketRoute("/ws", async (ws) => {
      for await (const _ of ws);
      await ws.send("late").catch((error: WebSocketDisconnect) => end.open(`${error.closeCode}`));
    });
    const { wsUrl } = await live(app);
    const client = new Client(`${wsUrl}/ws`);
    await once(client, "open");
    client.close(code);
    expect(await end.opened).toBe(String(code ?? 1005));
    expect(logged).not.toHaveBeenCalled();
  });

  test.each([
    [4000, (client: Client) => client.close(4000, "bye")],
    [1006, (client: Client) => client.terminate()],
  ])("code %i throws WebSocketDisconnect", async (code, leave) => {
    const app = appWith();
    const end = latch<unknown>();
    app.websocketRoute("/ws", async (ws) => {
      try {
        for await (const _ of ws);
      } catch (error) {
        end.open(error);
        throw error;
      }
    });
    const { wsUrl } = await live(app);
    const client = new Client(`${wsUrl}/ws`);
    await once(client, "open");
    leave(client);
    expect(await end.opened).toMatchObject({ closeCode: code, reason: code === 4000 ? "bye" : "" });
    expect(logged).not.toHaveBeenCalled();
  });

  test("messages that came before the close are still given out", async () => {
    const app = appWith();
    const proceed = latch();
    const seen: string[] = [];
    const end = latch();
    app.websocketRoute("/ws", async (ws) => {
      await ws.accept();
      await proceed.opened;
      for await (const message of ws) seen.push(message);
      end.open();
    });
    const socket = await clientOf(app).websocket("/ws");
    for (const message of ["a", "b", "c"]) socket.send(message);
    await socket.close();
    proceed.open();
    await end.opened;
    expect(seen).toEqual(["a", "b", "c"]);
  });

  test("a view that returns closes with 1000, one that throws with 1011, logged", async () => {
    const app = appWith();
    app.websocketRoute("/returns", async (ws) => {
      ws.session.count = 1;
    });
    app.websocketRoute("/throws", async (ws) => {
      await ws.accept();
      throw new Error("secret words");
    });
    app.websocketRoute("/http-error", async (ws) => {
      await ws.accept();
      throw new HTTPError(404);
    });
    app.websocketRoute("/closes", (ws) => ws.close(4001, "enough"));
    const client = clientOf(app);
    const returns = await client.websocket("/returns");
    expect(returns.headers.getSetCookie()).toHaveLength(1);
    expect(await returns.closed).toEqual({ code: 1000, reason: "" });
    expect(logged).not.toHaveBeenCalled();
    const throws = await client.websocket("/throws");
    expect(await throws.closed).toEqual({ code: 1011, reason: "" });
    expect((logged.mock.calls[0]![1] as Error).stack).toContain("framework-websocket.test.ts");
    expect((await (await client.websocket("/http-error")).closed).code).toBe(1011);
    const closes = await client.websocket("/closes");
    expect(await closes.closed).toEqual({ code: 4001, reason: "enough" });
  });

  test("closing ends the loop, also when a client does not read", async () => {
    const app = appWith();
    const end = latch();
    app.websocketRoute("/ws", { maxQueue: 2 }, async (ws) => {
      for await (const _ of ws) await ws.close(1000, "one is enough");
      end.open();
    });
    const socket = await clientOf(app).websocket("/ws");
    for (let index = 0; index < 50; index += 1) socket.send("x".repeat(10_000));
    await end.opened;
    expect(await socket.closed).toEqual({ code: 1000, reason: "one is enough" });
  });

  test("a code that is none is an error of the view", async () => {
    const app = appWith();
    app.websocketRoute("/ws", (ws) => ws.close(1006));
    const socket = await clientOf(app).websocket("/ws");
    expect((await socket.closed).code).toBe(1011);
  });

  test("ws.signal is aborted, and a view that does not read learns of it", async () => {
    const app = appWith();
    const end = latch<unknown>();
    app.websocketRoute("/ws", async (ws) => {
      await ws.accept();
      const { signal } = ws;
      expect(signal.aborted).toBe(false);
      await once(signal, "abort");
      end.open(signal.reason);
    });
    const socket = await clientOf(app).websocket("/ws");
    await socket.terminate();
    expect(await end.opened).toMatchObject({ closeCode: 1006 });
  });

  test("a send that nobody waits for does not end the process", async () => {
    const app = appWith();
    const end = latch();
    app.websocketRoute("/ws", async (ws) => {
      for await (const _ of ws);
      void ws.send("late");
      void ws.send("later");
      end.open();
    });
    const socket = await clientOf(app).websocket("/ws");
    await socket.close();
    await end.opened;
    // An unhandled rejection is told in this turn or the next; vitest fails the run for one.
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("when the server stops, sockets are closed with 1001 and the views come to their end", async () => {
    const app = appWith();
    const entered = latch();
    let ended = 0;
    app.websocketRoute("/open", async (ws) => {
      for await (const _ of ws);
      ended += 1;
    });
    app.websocketRoute("/pending", async (ws) => {
      entered.open();
      await ws.signal.aborted;
      await new Promise((resolve) => ws.signal.addEventListener("abort", resolve));
      ended += 1;
    });
    const server = await LiveServer.start(app);
    const client = new Client(`${server.wsUrl}/open`);
    await once(client, "open");
    const pending = new Client(`${server.wsUrl}/pending`);
    const refused = once(pending, "unexpected-response");
    await entered.opened;
    const closed = once(client, "close");
    await server.close({ timeout: 30 });
    expect((await closed)[0]).toBe(1001);
    expect(((await refused)[1] as { statusCode: number }).statusCode).toBe(503);
    expect(ended).toBe(2);
  });

  test("a client that does not answer the close is cut off in time", async () => {
    const app = appWith();
    app.websocketRoute("/ws", async (ws) => {
      await ws.accept();
      for await (const _ of ws);
    });
    const server = await LiveServer.start(app);
    const { socket, lines } = await handshake(server);
    expect(lines[0]).toContain("101");
    socket.pause();
    const closed = once(socket, "close");
    await server.close({ timeout: 0 });
    socket.resume();
    await closed;
  });
});

describe("pressure", () => {
  test("a view that does not read pushes the client back, and loses nothing", async () => {
    const app = appWith();
    const proceed = latch();
    app.websocketRoute("/slow", async (ws) => {
      await ws.accept();
      await proceed.opened;
      let count = 0;
      for await (const message of ws) {
        if (Number.parseInt(message, 10) !== count) throw new Error("out of order");
        if ((count += 1) === 20_000) await ws.send("all");
      }
    });
    app.websocketRoute("/echo", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const { wsUrl } = await live(app);
    const slow = new Client(`${wsUrl}/slow`);
    const echo = new Client(`${wsUrl}/echo`);
    await Promise.all([once(slow, "open"), once(echo, "open")]);
    // 80 MB: far more than sockets hold on both ends.
    for (let index = 0; index < 20_000; index += 1) slow.send(`${index} ${"x".repeat(4096)}`);
    // The server reads in turns. While the other socket goes back and forth, it would read these.
    const roundTrips = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        echo.send("x");
        await once(echo, "message");
      }
    };
    let before = Number.NaN;
    while (slow.bufferedAmount !== before) {
      before = slow.bufferedAmount;
      await roundTrips(200);
    }
    expect(slow.bufferedAmount).toBeGreaterThan(40_000_000);
    const all = once(slow, "message");
    proceed.open();
    expect(String((await all)[0])).toBe("all");
    slow.close();
    echo.close();
    expect(logged).not.toHaveBeenCalled();
  });

  test("a client that does not read makes send wait", async () => {
    const app = appWith();
    let sent = 0;
    const first = latch();
    const end = latch<unknown>();
    app.websocketRoute("/ws", { valueType: "bytes" }, async (ws) => {
      const chunk = new Uint8Array(256 * 1024);
      try {
        for (;;) {
          await ws.send(chunk);
          sent += 1;
          first.open();
        }
      } catch (error) {
        end.open(error);
      }
    });
    const server = await live(app);
    const client = new Client(`${server.wsUrl}/ws`);
    await once(client, "open");
    client.pause();
    await first.opened;
    let before = -1;
    while (sent !== before) {
      before = sent;
      for (let index = 0; index < 20; index += 1) await fetch(server.url);
    }
    expect(sent * 256 * 1024).toBeLessThan(64 * 1024 * 1024);
    client.resume();
    while (sent === before) await once(client, "message");
    client.terminate();
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
  });

  test("a view that does not wait for its sends cannot fill the memory", async () => {
    const app = appWith();
    const end = latch<unknown>();
    app.websocketRoute("/ws", { valueType: "bytes" }, async (ws) => {
      await ws.accept();
      const chunk = new Uint8Array(1024 * 1024);
      let last: Promise<void> | undefined;
      for (let index = 0; index < 200; index += 1) last = ws.send(chunk);
      await last!.catch(end.open);
    });
    const server = await live(app);
    const client = new Client(`${server.wsUrl}/ws`);
    client.on("error", () => undefined);
    const closed = once(client, "close");
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
    expect((await closed)[0]).toBe(1006);
  });
});
