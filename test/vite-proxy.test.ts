// A page from Vite's development server, with the app and its sockets behind Vite's proxy.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions, destroy, type SessionEvent, type SessionOptions } from "@galleta/session";
import { session } from "@galleta/session/express";
import { session as sockets, sessionOf } from "@galleta/session/ws";
import express from "express";
import { App, configure, serve } from "galleta";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createServer as createVite, type ProxyOptions } from "vite";
import { WebSocketServer } from "ws";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { freePort } from "./support/port.ts";
import { available } from "./support/require.ts";

const secretKey = "a key for the tests of the proxy of Vite";

type Data = { user: string };
type StartApp = (options: SessionOptions<Data>) => Promise<number>;

const ends: (() => Promise<unknown>)[] = [];

const startExpress: StartApp = async (options) => {
  const sessions = createSessions<Data>(options);
  const app = express();
  app.use(session(sessions));
  app.post("/api/login", (req, res) => {
    Object.assign(req.session, { user: "ana" });
    res.end();
  });
  app.post("/api/logout", (req, res) => {
    destroy(req.session);
    res.end();
  });
  const server = createServer(app);
  const wss = new WebSocketServer({ noServer: true });
  server.on("upgrade", sockets(sessions)(wss));
  wss.on("connection", (ws) => ws.send(`hello ${sessionOf<Data>(ws).user}`));
  return listen(server);
};

const startGalleta: StartApp = async (options) => {
  const app = new App<Data>();
  configure(app, { SESSIONS: options });
  const methods = ["POST"] as const;
  app.route("/api/login", { methods }, (req) => {
    req.session = { user: "ana" };
  });
  app.route("/api/logout", { methods }, (req) => {
    req.session = null;
  });
  app.websocketRoute("/feed", async (ws) => {
    await ws.send(`hello ${ws.session.user}`);
    for await (const _ of ws);
  });
  const server = await serve(app, { port: 0 });
  ends.push(() => server.close({ timeout: 0 }));
  return server.port;
};

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe.runIf(available(CHROMIUM))("behind the proxy of Vite", { timeout: 120_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "galleta-vite-"));
  let browser: Browser;

  beforeAll(async () => {
    writeFileSync(join(root, "index.html"), "<!doctype html><title>Vite</title>");
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  /** A development server. @returns its origin */
  async function startVite(
    proxy: Record<string, string | ProxyOptions>,
    port = 0,
  ): Promise<string> {
    const vite = await createVite({
      root,
      configFile: false,
      logLevel: "silent",
      server: { host: "127.0.0.1", port, proxy },
    });
    await vite.listen();
    ends.push(() => vite.close());
    return `http://127.0.0.1:${(vite.httpServer!.address() as AddressInfo).port}`;
  }

  async function open(origin: string): Promise<Page> {
    const page = await browser.newPage();
    ends.push(() => page.close());
    await page.goto(origin);
    return page;
  }

  const post = (page: Page, path: string) =>
    page.evaluate(async (path) => (await fetch(path, { method: "POST" })).status, path);

  /** Opens a socket of the page. @returns its first event: a message, or its end */
  const connect = (page: Page) =>
    page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(`ws://${location.host}/feed`);
          const closed = new Promise<string>((end) => {
            socket.addEventListener("close", ({ code, reason }) => end(`${code} ${reason}`));
          });
          Object.assign(globalThis, { closedWith: closed });
          socket.addEventListener("message", ({ data }) => resolve(String(data)));
          void closed.then(resolve);
        }),
    );
  const closed = (page: Page) =>
    page.evaluate(() => (globalThis as unknown as { closedWith: Promise<string> }).closedWith);

  describe.each([
    ["Express and ws", startExpress],
    ["galleta", startGalleta],
  ])("%s", (_, start) => {
    it("logs in, opens a socket, and the logout closes it", async () => {
      const port = await start({ secretKey });
      const target = `http://127.0.0.1:${port}`;
      const page = await open(
        await startVite({ "/api": { target }, "/feed": { target, ws: true } }),
      );
      expect(await post(page, "/api/login")).toBe(200);
      expect(await connect(page)).toBe("hello ana");
      expect(await post(page, "/api/logout")).toBe(200);
      expect(await closed(page)).toBe("1008 session ended");
    });

    it("names the origin to trust if the proxy changes the Host", async () => {
      const events: SessionEvent[] = [];
      const port = await start({ secretKey, onEvent: (event) => void events.push(event) });
      const proxy = { "/api": `http://127.0.0.1:${port}`, "/feed": `ws://127.0.0.1:${port}` };
      const origin = await startVite(proxy);
      const page = await open(origin);
      // Sec-Fetch-Site shows that the page is of this site. Handshakes lack it.
      expect(await post(page, "/api/login")).toBe(200);
      expect(await connect(page)).toMatch(/^1006/);
      const denied = events.find(({ type }) => type === "csrf");
      expect(denied?.message).toContain(
        `WebSocket handshake /feed denied: Origin ${origin}; this site is http://127.0.0.1:${port} (different port).`,
      );
      expect(denied?.message).toContain("trustedOrigins");
    });

    it("serves that origin once it is trusted", async () => {
      const vitePort = await freePort();
      const trustedOrigins = [`http://127.0.0.1:${vitePort}`];
      const port = await start({ secretKey, trustedOrigins });
      const proxy = { "/api": `http://127.0.0.1:${port}`, "/feed": `ws://127.0.0.1:${port}` };
      const page = await open(await startVite(proxy, vitePort));
      expect(await post(page, "/api/login")).toBe(200);
      expect(await connect(page)).toBe("hello ana");
      expect(await post(page, "/api/logout")).toBe(200);
      expect(await closed(page)).toBe("1008 session ended");
    });
  });

  it("shows the inspector under a prefix that the proxy strips", async () => {
    const app = new App<Data>();
    configure(app, { SESSIONS: { secretKey, publicPath: "/shop" } });
    app.route("/", (req, res) => {
      req.session.user = "ana";
      res.redirect("/home");
    });
    app.route("/home", (req, res) => {
      res.html = `<!doctype html><title>Home</title>${req.session.user}`;
    });
    const server = await serve(app, { port: 0 });
    ends.push(() => server.close({ timeout: 0 }));
    const target = `http://127.0.0.1:${server.port}`;
    const rewrite = (path: string) => path.replace(/^\/shop/, "");
    const origin = await startVite({ "/shop": { target, rewrite } });
    const page = await open(`${origin}/shop/`);
    expect(page.url()).toBe(`${origin}/shop/home`);
    expect(await page.innerText("body")).toBe("ana");
    await page.goto(`${origin}/shop/.galleta/`);
    expect(await page.innerText("body")).toContain('"ana"');
    await page.click("text=Look again");
    expect(page.url()).toBe(`${origin}/shop/.galleta/`);
    expect(await page.innerText("body")).toContain('"ana"');
  });
});
