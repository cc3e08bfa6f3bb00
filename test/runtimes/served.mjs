// What concerns a real port: the runtime's own server, and the cookie of a WebSocket's 101.
import assert from "node:assert/strict";
import { createSessions } from "@galleta/session";
import { Unsupported } from "./suite.mjs";
import { ask, shake } from "./wire.mjs";
import { session as sockets, sessionOf } from "@galleta/session/crossws";
import { session } from "@galleta/session/fetch";
import { session as nodeSession } from "@galleta/session/node";

const secretKey = "a secret key of the runtimes' suite, long enough";
const sessions = createSessions({ secretKey });
const handler = session(sessions)((_request, context) => {
  context.session.views = (context.session.views ?? 0) + 1;
  return Response.json(context.session);
});

const hooks = sockets(sessions)({
  upgrade(_request, of) {
    of.fromHandshake = true;
  },
  message: (peer, message) =>
    void peer.send(`${message.text()} ${JSON.stringify(sessionOf(peer))}`),
});

/** Serves HTTP and sockets as the runtime's users do. */
async function serve(hooks) {
  if ("Bun" in globalThis) {
    const { default: crossws } = await import("crossws/adapters/bun");
    const ws = crossws({ hooks });
    const server = globalThis.Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (req, of) =>
        req.headers.has("upgrade") ? ws.handleUpgrade(req, of) : handler(req, of),
      websocket: ws.websocket,
    });
    return { port: server.port, close: () => server.stop(true) };
  }
  if ("Deno" in globalThis) {
    const { default: crossws } = await import("crossws/adapters/deno");
    const ws = crossws({ hooks });
    const server = globalThis.Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (req, info) =>
        req.headers.has("upgrade") ? ws.handleUpgrade(req, info) : handler(req, info),
    );
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  const { default: crossws } = await import("crossws/adapters/node");
  const ws = crossws({ hooks });
  return listen(
    (req, res) => void answer(req, res),
    (server) => {
      server.on("upgrade", (req, socket, head) => void ws.handleUpgrade(req, socket, head));
    },
  );
}

async function answer(req, res) {
  const headers = new Headers(
    Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
  );
  const response = await handler(
    new Request(`http://${req.headers.host}${req.url}`, { headers, method: req.method }),
  );
  res.writeHead(response.status, [...response.headers].flat());
  res.end(await response.text());
}

async function listen(listener, more = () => {}) {
  const { createServer } = await import("node:http");
  const server = createServer(listener);
  more(server);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    close: () => {
      server.closeAllConnections?.();
      server.close();
    },
  };
}

async function withServer(start, test) {
  const server = await start();
  try {
    return await test(server.port);
  } finally {
    await server.close();
  }
}

export const servedChecks = {
  "served: a session over two requests": () =>
    withServer(
      () => serve(hooks),
      async (port) => {
        const first = await ask(port, "/");
        const [cookie] = first.headers["set-cookie"] ?? [];
        assert.ok(cookie);
        const second = await ask(port, "/", { headers: { cookie: cookie.split(";")[0] } });
        assert.deepEqual(JSON.parse(second.body), { views: 2 });
      },
    ),
  "node:http: every way to begin a response": () => {
    const ways = {
      "/end": (res) => res.end("body"),
      "/write": (res) => {
        res.write("bo");
        res.end("dy");
      },
      "/head": (res) => res.writeHead(200, { vary: "Accept", "set-cookie": ["own=1"] }).end("body"),
      "/list": (res) => res.writeHead(200, ["vary", "Accept", "set-cookie", "own=1"]).end("body"),
      "/flush": (res) => {
        res.flushHeaders();
        res.end("body");
      },
    };
    const listener = nodeSession(sessions)((req, res) => {
      req.session.seen = req.url;
      if (!/head|list/.test(req.url)) res.setHeader("set-cookie", ["own=1"]);
      ways[req.url](res);
    });
    return withServer(
      () => listen(listener),
      async (port) => {
        for (const path of Object.keys(ways)) {
          const { body, headers } = await ask(port, path);
          assert.equal(body, "body", path);
          assert.equal(headers["set-cookie"]?.length, 2, path);
          assert.match(headers.vary, /Cookie/, path);
        }
      },
    );
  },
  "socket: the cookie of the 101": () => socketWithCookie(),
  "socket: a readable session, and a foreign Origin denied": () =>
    withServer(
      () => serve(sockets(sessions)({})),
      async (port) => {
        assert.match(await shake(port, "/"), /^HTTP\/1\.1 101 /);
        const head = await shake(port, "/", ["Origin: https://evil.example"]);
        assert.match(head, /^HTTP\/1\.1 403 /);
        assert.doesNotMatch(head, /set-cookie/i);
      },
    ),
};

/** A runtime that cannot send the cookie must throw, with its code. */
async function socketWithCookie() {
  const warnings = [];
  process.on("warning", (warning) => warnings.push(warning));
  await withServer(
    () => serve(hooks),
    async (port) => {
      const head = await shake(port, "/");
      if (head.startsWith("HTTP/1.1 101 ")) {
        assert.match(head, /\r\nset-cookie: session=/i);
        return;
      }
      assert.match(head, /^HTTP\/1\.1 500 /);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(warnings.at(-1)?.code, "ERR_SESSION_RUNTIME");
      throw new Unsupported("ERR_SESSION_RUNTIME");
    },
  );
}
