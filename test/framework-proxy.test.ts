import { once } from "node:events";
import { connect } from "node:net";
import { App, configure, serve } from "galleta";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";

const SECRET_KEY = "a secret key of the suite of proxies, long enough";
let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

async function start(sessions: object, hosts?: readonly string[]): Promise<number> {
  const app = new App();
  configure(app, {
    SESSIONS: { secretKey: SECRET_KEY, onEvent: () => {}, ...sessions },
    ...(hosts && { ALLOWED_HOSTS: hosts }),
  });
  app.route("/callback", (req, res) => {
    res.json = { url: req.url.href, origin: req.origin, ip: req.ip };
  });
  app.websocketRoute("/feed", (ws) => ws.send(ws.url.href));
  const server = await serve(app, { port: 0 });
  close = () => server.close({ timeout: 0 });
  return server.port;
}

/** Sends a raw request: fetch cannot send a target in absolute form. */
function send(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (data) => (text += String(data)));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
    socket.write([...lines, "Connection: close", "", ""].join("\r\n"));
  });
}
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))) as object;

const FORWARDED = [
  "X-Forwarded-Host: shop.example",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Port: 8443",
  "X-Forwarded-For: 6.6.6.6, 203.0.113.5",
];

it("a view sees the client's URL behind a trusted proxy", async () => {
  const port = await start({ trustProxy: 1 });
  const answer = await send(port, [
    "GET /callback?code=1 HTTP/1.1",
    "Host: inner:3000",
    ...FORWARDED,
  ]);
  expect(bodyOf(answer)).toEqual({
    url: "https://shop.example:8443/callback?code=1",
    origin: "https://shop.example:8443",
    ip: "203.0.113.5",
  });
});

it.each([
  [{ trustProxy: 1 }, "https://shop.example:8443", "https://shop.example:8443/feed?room=1"],
  [{}, "http://inner:3000", "http://inner:3000/feed?room=1"],
])("a socket's view sees the same site as a page's view with %j", async (sessions, origin, url) => {
  const port = await start(sessions);
  const headers = Object.fromEntries(FORWARDED.map((line) => line.split(": ")));
  const socket = new WebSocket(`ws://127.0.0.1:${port}/feed?room=1`, {
    headers: { Host: "inner:3000", ...headers },
    origin,
  });
  const [message] = (await once(socket, "message")) as [Buffer];
  expect(String(message)).toBe(url);
});

it("a view sees the connection, behind an untrusted one", async () => {
  const port = await start({});
  const answer = await send(port, ["GET /callback HTTP/1.1", "Host: inner:3000", ...FORWARDED]);
  expect(bodyOf(answer)).toEqual({
    url: "http://inner:3000/callback",
    origin: "http://inner:3000",
    ip: "127.0.0.1",
  });
});

it("behind a proxy that cuts a path off, one option names it", async () => {
  const app = new App();
  const sessions = { secretKey: SECRET_KEY, publicPath: "/app" };
  configure(app, { SESSIONS: sessions });
  app.route("/login", (req, res) => {
    (req.session as Record<string, unknown>)["user"] = "ana";
    res.redirect("/home");
  });
  app.route("/away", (_req, res) => res.redirect("//other.example/"));
  const server = await serve(app, { port: 0 });
  close = () => server.close({ timeout: 0 });
  const login = await fetch(`${server.url}/login`, { redirect: "manual" });
  expect(login.headers.get("location")).toBe("/app/home");
  expect(login.headers.get("set-cookie")).toContain("; Path=/app;");
  const away = await fetch(`${server.url}/away`, { redirect: "manual" });
  expect(away.headers.get("location")).toBe("//other.example/");
});

it("a target in absolute form names the host that is checked and shown", async () => {
  const port = await start({}, ["good.example"]);
  const good = ["GET http://good.example/callback HTTP/1.1", "Host: evil.example"];
  expect(bodyOf(await send(port, good))).toMatchObject({
    url: "http://good.example/callback",
    origin: "http://good.example",
  });
  const evil = ["GET http://evil.example/callback HTTP/1.1", "Host: good.example"];
  expect(await send(port, evil)).toMatch(/^HTTP\/1\.1 400 /);
});
