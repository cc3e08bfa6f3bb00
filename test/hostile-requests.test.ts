// Sends a real server requests that no browser sends. The answer must be the client's fault or a
// success, and nothing may fail inside. A failure names its seed; FUZZ_SEED repeats it.
import { connect } from "node:net";
import { flash, type App } from "galleta";
import { expect, it } from "vitest";
import { appWith, live, SESSIONS, watchLog, type Data } from "./support/framework.ts";
import { fuzzSeed, mutator, seeded } from "./support/mutate.ts";

const log = watchLog();

function hostile(options: object): App<Data> {
  const app = appWith({ SESSIONS: { ...SESSIONS, ...options } });
  app.route("/", { methods: ["GET", "POST"] }, async (req, res) => {
    req.session.count = (req.session.count ?? 0) + 1;
    flash(req.session, "notice", "x");
    res.json = (await req.text()).length;
  });
  app.websocketRoute("/ws", async (ws) => {
    ws.session.count = 1;
    for await (const message of ws) await ws.send(message);
  });
  return app;
}

/** Sends raw bytes, and returns the status line of the answer. */
function statusOf(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      // Only the answer matters. An open socket would stay.
      if (received.includes("\r\n")) socket.destroy();
    });
    socket.on("close", () => resolve(received.split("\r\n")[0] ?? ""));
    socket.on("error", reject);
  });
}

it.each<[string, object]>([
  ["as it is", {}],
  ["in chunks, with csrf: strict", { chunks: true, csrf: "strict" }],
  ["encrypted, behind a proxy", { encrypt: true, trustProxy: 1, httpsOnly: "auto" }],
])("%s", async (_, options) => {
  const server = await live(hostile(options));
  const cookie = (await fetch(server.url)).headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const seed = fuzzSeed();
  const random = seeded(seed);
  const own = `http://127.0.0.1:${server.port}`;
  const words = [";", "=", " ", "session=", "session.1=", "\t", "\u00ff", '"', ",", "%", "null"];
  const text = (...corpus: string[]) => {
    const next = mutator(corpus, words, random);
    // Bytes that every server rejects are left out, so that the rest gets further.
    return () => next().replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "");
  };
  const headers = {
    Cookie: text(cookie, `${cookie}; ${cookie}`, "session=a; session=b", ""),
    Origin: text(own, "null", "https://evil.example", `${own}, ${own}`, ""),
    "Sec-Fetch-Site": text("same-origin", "cross-site", "none", ""),
    "X-Forwarded-Host": text("example.com", "a, b", ""),
    "X-Forwarded-Proto": text("https", "http", "wss", ""),
    "Content-Type": text("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    "X-Csrf-Token": text("A".repeat(64), ""),
  };
  const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  for (let count = 0; count < 400; count += 1) {
    const method = random.pick(["GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "TRACE"]);
    const path = random.pick(["/", "/", "/ws", "/%ff", "//x", "/.galleta/session", "/?a=%zz"]);
    let head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
    for (const [name, make] of Object.entries(headers)) {
      if (random.below(2) === 0) head += `${name}: ${make()}\r\n`;
    }
    const body = random.below(2) === 0 ? "" : `csrf_token=${"A".repeat(64)}&--x\r\n\r\n--x--`;
    const isUpgrade = path === "/ws" && random.below(3) > 0;
    head += isUpgrade
      ? `${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
      : `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const status = await statusOf(server.port, Buffer.from(head, "latin1"));
    const failures = log().mock.calls;
    if (!/^HTTP\/1\.1 [1-4]\d\d /.test(status) || failures.length > 0) {
      expect.fail(`${status} for ${JSON.stringify(head)} (FUZZ_SEED=${seed}): ${String(failures)}`);
    }
  }
  expect((await fetch(server.url, { headers: { cookie } })).status).toBe(200);
});

it("a TRACE that claims to be a form must bring its token, and has none", async () => {
  const server = await live(hostile({ csrf: "strict" }));
  const cookie = (await fetch(server.url)).headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const head = `TRACE / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nCookie: ${cookie}\r\n`;
  const form = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n";
  expect(await statusOf(server.port, Buffer.from(head + form))).toContain(" 403 ");
  expect(log()).not.toHaveBeenCalled();
});
