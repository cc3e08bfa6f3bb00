// Options that are given by a function, to an adapter for HTTP and to one for sockets.
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { SessionOptions } from "@galleta/session";
import { session as crosswsSession } from "@galleta/session/crossws";
import { session } from "@galleta/session/node";
import { session as ioSession } from "@galleta/session/socket.io";
import { session as wsSession } from "@galleta/session/ws";
import crossws from "crossws/adapters/node";
import { Server as SocketIo } from "socket.io";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { SECRET } from "./harness.ts";
import { ask, Jar } from "./wire.ts";

type Give = () => SessionOptions;

/** Serves sockets, each of which says something first. */
const LIBRARIES: [name: string, path: string, serve: (server: Server, give: Give) => void][] = [
  [
    "ws",
    "/",
    (server, give) => {
      const wss = new WebSocketServer({ noServer: true });
      server.on("upgrade", wsSession(give)(wss));
      wss.on("connection", (ws) => ws.send("open"));
    },
  ],
  [
    "crossws",
    "/",
    (server, give) => {
      const hooks = crosswsSession(give)({ open: (peer) => void peer.send("open") });
      const { handleUpgrade } = crossws({ hooks });
      server.on("upgrade", (req, socket, head) => void handleUpgrade(req, socket, head));
    },
  ],
  [
    "socket.io",
    "/socket.io/?EIO=4&transport=websocket",
    (server, give) => ioSession(give)(new SocketIo(server) as never),
  ],
];

describe.each(LIBRARIES)("options by a function, for %s", (_, path, serve) => {
  const servers: Server[] = [];
  afterEach(() => {
    vi.restoreAllMocks();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function start(give: Give): Promise<string> {
    const server = createServer(
      session(give)((req, res) => {
        if (req.url === "/logout") req.session = null;
        else Object.assign(req.session, { user: "ana" });
        res.end();
      }),
    );
    serve(server, give);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** What comes first: a message, or the status of a refusal; and then the end. */
  async function connect(origin: string, jar: Jar) {
    const ws = new WebSocket(origin.replace("http", "ws") + path, {
      headers: { cookie: jar.header },
    });
    const closed = new Promise<number>((resolve) => ws.on("close", resolve));
    const first = await new Promise<string>((resolve) => {
      ws.on("message", (data) => resolve(String(data)));
      ws.on("unexpected-response", (_req, res) => resolve(String(res.statusCode)));
      ws.on("error", () => resolve("error"));
    });
    return { first, closed };
  }

  test("the same function gives pages and sockets the same sessions", async () => {
    let calls = 0;
    const origin = await start(() => {
      calls += 1;
      return { secretKey: SECRET };
    });
    expect(calls).toBe(0);
    const jar = new Jar();
    await ask(origin, "/login", { method: "POST", jar });
    const { first, closed } = await connect(origin, jar);
    expect(first).toMatch(/^(?:open|0\{)/);
    await ask(origin, "/logout", { method: "POST", jar });
    await closed;
    expect(calls).toBe(1);
  });

  test("a function that throws gives a 500, and the server keeps running", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    let secretKey = "";
    const origin = await start(() => ({ secretKey }));
    expect((await connect(origin, new Jar())).first).toBe("500");
    secretKey = SECRET;
    expect((await connect(origin, new Jar())).first).toMatch(/^(?:open|0\{)/);
  });
});
