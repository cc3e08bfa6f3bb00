import { renew, WebSocketDisconnect } from "galleta";
import { describe, expect, test } from "vitest";
import { appWith, clientOf, latch, live, SESSIONS, watchLog } from "./support/framework.ts";
import { handshake, refusal } from "./support/handshake.ts";

const log = watchLog();

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

  test("receive returns one at a time, and fails if there is none", async () => {
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
    expect(log()).not.toHaveBeenCalled();
  });

  test("messages to send must have the socket's type", async () => {
    const app = appWith({});
    app.websocketRoute("/ws", { valueType: "json" }, async (ws) => {
      await ws.send(undefined);
    });
    await expect(clientOf(app).websocket("/ws")).rejects.toMatchObject({ status: 500 });
    expect(String(log().mock.calls[0]![1])).toContain("undefined is not JSON");
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
    const app = appWith({ SESSIONS });
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

  test("sets no cookie when unused or unchanged", async () => {
    const app = appWith({ SESSIONS });
    app.websocketRoute("/untouched", (ws) => ws.send("a"));
    app.websocketRoute("/read", (ws) => ws.send(String(ws.session.count)));
    const client = clientOf(app);
    for (const path of ["/untouched", "/read"]) {
      expect((await client.websocket(path)).headers.getSetCookie()).toEqual([]);
    }
  });

  test("throws for a write after the handshake, and names the remedy", async () => {
    const app = appWith({ SESSIONS });
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

  test("is read-only too if it is first used after the handshake", async () => {
    const app = appWith({ SESSIONS });
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
    const app = appWith({ SESSIONS });
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

  test("denies the handshake with a logged 500 if it cannot be saved", async () => {
    const app = appWith({ SESSIONS });
    app.websocketRoute("/ws", async (ws) => {
      ws.session.big = "x".repeat(5000);
      for await (const _ of ws);
    });
    const refused = await refusal(clientOf(app).websocket("/ws"));
    expect(refused.status).toBe(500);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(log().mock.calls[0]![1]).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  test("says how to switch it on while it is off", async () => {
    const app = appWith({});
    app.websocketRoute("/ws", (ws) => ws.send(String(ws.session.count)));
    await refusal(clientOf(app).websocket("/ws"));
    expect(log().mock.calls[0]![1]).toMatchObject({ code: "ERR_SESSION_DISABLED" });
  });
});
