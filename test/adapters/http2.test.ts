// WebSockets over HTTP/2 (RFC 8441) on Node's own server.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type IncomingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { createSessions, update, type CreateSessionsOptions } from "@galleta/session";
import { overHttp2, session } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/ws";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { withEvents } from "./harness.ts";
import { ask2, Jar } from "./wire.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Loose = Record<string, unknown>;

/** HTTP and sockets on one server of HTTP/2, with the same sessions. */
async function start(options: Partial<CreateSessionsOptions> = {}) {
  const { options: all, events } = withEvents(options as never);
  const sessions = createSessions<Loose>(all as CreateSessionsOptions);
  const listener = session(sessions)((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://here");
    if (pathname === "/logout") req.session = null;
    for (const [key, value] of searchParams) req.session[key] = value;
    res.end(JSON.stringify(req.session));
  });
  const server = createServer({ settings: { enableConnectProtocol: true } }, listener as never);
  const wss = new WebSocketServer({ noServer: true });
  wss.on("connection", (ws) => {
    ws.on("message", (data) => void answer(String(data)).then((text) => ws.send(text)));
    async function answer(message: string): Promise<string> {
      const of = sessionOf<Loose>(ws);
      try {
        if (message === "write") of["late"] = true;
        if (message === "update") await update(of, (draft) => void (draft["updated"] = true));
        return JSON.stringify(of);
      } catch (error) {
        return (error as { code: string }).code;
      }
    }
  });
  const handshake = (of: Loose, req: { url?: string | undefined }) => {
    if (req.url === "/change") of["fromHandshake"] = true;
  };
  const onUpgrade = socketSession(sessions, { handshake })(wss);
  server.on("connect", overHttp2(onUpgrade));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return { server, events, origin: originOf(server) };
}

function originOf(server: Http2Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function clientOf(origin: string): Promise<ClientHttp2Session> {
  const client = connect(origin);
  closing.push(() => client.destroy());
  await once(client, "remoteSettings");
  return client;
}

/** A client of RFC 8441 with as much of RFC 6455 as the tests need. */
class Client {
  readonly #stream: ClientHttp2Stream;
  #received = Buffer.alloc(0);

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
  }

  /** Sends a short text, masked (RFC 6455 §5.3), and returns the next frame. */
  async ask(text: string): Promise<string> {
    const mask = randomBytes(4);
    const masked = Buffer.from(text).map((byte, index) => byte ^ mask[index % 4]!);
    this.#stream.write(Buffer.concat([Buffer.from([0x81, 0x80 | masked.length]), mask, masked]));
    return (await this.next()).toString();
  }

  /** Returns the whole response, for a request that is not a WebSocket. */
  async rest(): Promise<string> {
    if (!this.#stream.readableEnded) await once(this.#stream, "end");
    return this.#received.toString();
  }

  /** Returns the payload of the next frame. That of a close begins with its code. */
  async next(): Promise<Buffer> {
    for (;;) {
      const length = (this.#received[1] ?? 0) & 0x7f;
      if (this.#received.length >= 2 + length && this.#received.length > 1) {
        const payload = this.#received.subarray(2, 2 + length);
        this.#received = this.#received.subarray(2 + length);
        return payload;
      }
      await once(this.#stream, "data");
    }
  }
}

async function open(origin: string, headers: Record<string, string>, path = "/") {
  const client = await clientOf(origin);
  const stream = client.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "http",
    ":path": path,
    "sec-websocket-version": "13",
    ...headers,
  });
  const socket = new Client(stream);
  const [head] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
  return { head, socket, stream, status: head[":status"] };
}

describe("a WebSocket over HTTP/2", () => {
  it("is denied to another site, before its session is opened", async () => {
    const { origin, events } = await start();
    const port = Number(new URL(origin).port) + 1;
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: `http://127.0.0.1:${port}` },
      { origin, "sec-fetch-site": "cross-site" },
    ]) {
      const denied = await open(origin, { ...headers, cookie: "session=tampered" });
      expect(denied.status).toBe(403);
      expect(denied.head["set-cookie"]).toBeUndefined();
      expect(JSON.parse(await denied.socket.rest())).toMatchObject({ code: "ERR_SESSION_CSRF" });
    }
    expect(events.map(({ type }) => type)).toEqual(["csrf", "csrf", "csrf"]);
  });

  it("is denied without an Origin, if csrf is strict", async () => {
    const { origin } = await start({ csrf: "strict" });
    expect((await open(origin, {})).status).toBe(403);
    expect((await open(origin, { origin })).status).toBe(200);
  });

  it("has the session, and its change in the handshake is a cookie", async () => {
    const { origin } = await start();
    const jar = new Jar();
    await ask2(origin, "/?name=ana", { jar });
    const { head, socket } = await open(origin, { origin, cookie: jar.header }, "/change");
    expect(head["set-cookie"]).toHaveLength(1);
    expect(head["sec-websocket-accept"]).toBeUndefined();
    expect(await socket.ask("read")).toBe('{"name":"ana","fromHandshake":true}');
    jar.take(head["set-cookie"] ?? []);
    expect((await ask2(origin, "/", { jar })).body).toBe('{"name":"ana","fromHandshake":true}');
  });

  it("throws for a write, sees changes by HTTP, and is closed at the logout", async () => {
    const { origin } = await start();
    const jar = new Jar();
    await ask2(origin, "/?name=ana", { jar });
    const { socket } = await open(origin, { origin, cookie: jar.header });
    expect(await socket.ask("write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
    expect(await socket.ask("update")).toBe("ERR_SESSION_STORE_REQUIRED");
    await ask2(origin, "/?city=quito", { jar });
    expect(await socket.ask("read")).toBe('{"name":"ana","city":"quito"}');
    await ask2(origin, "/logout", { jar });
    const close = await socket.next();
    expect([close.readUInt16BE(), close.toString("utf8", 2)]).toEqual([1008, "session ended"]);
  });

  it("is denied by the library if the library denies it", async () => {
    const { origin } = await start();
    const { status } = await open(origin, { origin, "sec-websocket-version": "7" });
    expect(status).toBe(400);
  });

  it("is 501 for another protocol", async () => {
    const { origin } = await start();
    const client = await clientOf(origin);
    const stream = client.request({
      ":method": "CONNECT",
      ":protocol": "connect-udp",
      ":scheme": "http",
      ":path": "/",
    });
    const [head] = (await once(stream, "response")) as [{ ":status": number }];
    expect(head[":status"]).toBe(501);
  });
});
