// The framework's own checks: an app over HTTP and WebSocket, with one session, on its built package.
import assert from "node:assert/strict";
import { App, configure, HTTPError, serve } from "galleta";
import { ask, shake, talk } from "./wire.mjs";

function build() {
  const app = new App();
  configure(app, { SESSIONS: { secretKey: "a secret key of the runtimes' suite, long enough" } });
  app.route("/", (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1;
    res.json = req.session;
  });
  app.route("/items/:id", { methods: ["POST"] }, async (req, res) => {
    res.status = 201;
    res.json = { id: req.params.id, body: await req.json() };
  });
  app.route("/fails", (req) => {
    req.session.failed = true;
    throw new HTTPError(418);
  });
  app.route("/end", (req, res) => {
    req.session = null;
    res.text = "gone";
  });
  app.websocketRoute("/feed", async (ws) => {
    for await (const message of ws) await ws.send(`${message} ${JSON.stringify(ws.session)}`);
  });
  app.websocketRoute("/changes", { autoAccept: false }, async (ws) => {
    ws.session.fromHandshake = true;
    await ws.accept();
  });
  return app;
}

async function withApp(test) {
  const server = await serve(build(), { port: 0 });
  try {
    await test(server.port);
  } finally {
    await server.close({ timeout: 0 });
  }
}

const cookieOf = ({ headers }) => headers["set-cookie"][0].split(";")[0];

export const frameworkChecks = {
  "framework: a session over requests": () =>
    withApp(async (port) => {
      const first = await ask(port, "/");
      const second = await ask(port, "/", { headers: { cookie: cookieOf(first) } });
      assert.deepEqual(JSON.parse(second.body), { views: 2 });
      const end = await ask(port, "/end", { headers: { cookie: cookieOf(first) } });
      assert.match(end.headers["set-cookie"][0], /Max-Age=0/);
    }),
  "framework: routes, bodies and errors": () =>
    withApp(async (port) => {
      const made = await ask(port, "/items/7", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"a":1}',
      });
      assert.deepEqual([made.status, made.body], [201, '{"id":"7","body":{"a":1}}']);
      assert.equal((await ask(port, "/items/7")).status, 405);
      assert.equal((await ask(port, "/nowhere")).status, 404);
      const failed = await ask(port, "/fails");
      assert.equal(failed.status, 418);
      assert.equal(failed.headers["set-cookie"].length, 1);
    }),
  "framework: cross-site requests": () =>
    withApp(async (port) => {
      const headers = { origin: "https://evil.example", "content-type": "application/json" };
      const refused = await ask(port, "/items/7", { method: "POST", headers, body: "{}" });
      assert.equal(refused.status, 403);
      assert.match(
        await shake(port, "/feed", ["Origin: https://evil.example"]),
        /^HTTP\/1\.1 403 /,
      );
    }),
  "framework: a socket with the session of HTTP": () =>
    withApp(async (port) => {
      const cookie = cookieOf(await ask(port, "/"));
      assert.equal(await talk(port, "/feed", cookie, "hello"), 'hello {"views":1}');
    }),
  "framework: the cookie of the 101": () =>
    withApp(async (port) => {
      const head = await shake(port, "/changes");
      assert.match(head, /^HTTP\/1\.1 101 /);
      assert.match(head, /\r\nset-cookie: session=/i);
    }),
};
