import { createServer } from "node:http";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { SessionEvent } from "@galleta/session";
import { session as httpSession } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/ws";
import {
  App,
  configure,
  destroy,
  memoryStore,
  renew,
  update,
  type SessionOptions,
} from "../packages/galleta/src/index.ts";
import { LiveServer } from "../packages/galleta/src/testing/index.ts";
import { listen } from "./adapters/harnesses/listen.ts";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { eventually } from "./support/cli.ts";
import { KEY } from "./support/jar.ts";
import { available } from "./support/require.ts";

type Data = Record<string, unknown>;

/** The page: an app's socket, which records everything it gets. */
const PAGE = `<!doctype html><title>live</title><script type="module">
import { LiveWebSocket } from "/client.js";
window.connect = (protocols) => {
  const socket = new LiveWebSocket(location.href.replace(/^http/, "ws") + "live", protocols);
  window.heard = [];
  window.closedWith = undefined;
  window.socket = socket;
  socket.addEventListener("message", ({ data }) => heard.push("listener " + data));
  socket.onmessage = ({ data }) => heard.push(data);
  socket.onclose = ({ code, reason }) => { window.closedWith = code + " " + reason; };
};
window.isReady = true;
</script>`;

interface PageWindow {
  connect(protocols?: string[]): void;
  heard: string[];
  closedWith: string | undefined;
  socket: WebSocket;
  isReady: boolean;
}
declare const window: PageWindow;

async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL("../packages/session/src/client/index.ts", import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

describe.runIf(available(CHROMIUM))("in a real browser", () => {
  let browser: Browser;
  let client: string;
  const ends: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    [browser, client] = await Promise.all([launchBrowser(), bundleClient()]);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  afterAll(() => browser.close());

  async function start(options: Partial<SessionOptions> = {}): Promise<LiveServer> {
    const app = new App<Data>();
    configure(app, { SESSIONS: { secretKey: KEY, ...options } });
    app.route("/", (_req, res) => {
      res.html = PAGE;
    });
    app.route("/client.js", (_req, res) => {
      res.headers.set("content-type", "text/javascript");
      res.body = client;
    });
    app.route("/login", { methods: ["POST"] }, (req, res) => {
      renew(req.session);
      req.session["user"] = "ada";
      res.status = 204;
    });
    app.route("/logout", { methods: ["POST"] }, (req, res) => {
      destroy(req.session);
      res.status = 204;
    });
    app.route("/logout-everywhere", { methods: ["POST"] }, async (_req, res) => {
      await app.sessions.revokeAll("ada");
      res.status = 204;
    });
    app.route("/session", (req, res) => {
      res.json = req.session;
    });
    app.websocketRoute("/live", { autoAccept: false }, async (ws) => {
      if (ws.session["user"] === undefined) return ws.reject(401);
      await ws.accept(ws.protocols.includes("chat") ? { protocol: "chat" } : {});
      ws.on("session", () => ws.send(`changed ${JSON.stringify(ws.session)}`));
      await ws.send("ready");
      for await (const message of ws) {
        if (!message.startsWith("see ")) {
          await ws.send(`echo ${message}`);
          continue;
        }
        await update(ws.session, (draft) => (draft["seen"] = Number(message.slice(4))));
        await ws.send("stored");
      }
    });
    const server = await LiveServer.start(app);
    ends.push(() => server.close());
    return server;
  }

  async function visitor(): Promise<BrowserContext> {
    const context = await browser.newContext();
    ends.push(() => context.close());
    return context;
  }

  async function tab(context: BrowserContext, server: LiveServer): Promise<Page> {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => window.isReady);
    return page;
  }

  const post = (page: Page, path: string) =>
    page.evaluate(async (to) => (await fetch(to, { method: "POST" })).status, path);
  const session = (page: Page) =>
    page.evaluate(async () => (await fetch("/session")).json() as Promise<unknown>);
  const closed = async (page: Page) => {
    await page.waitForFunction(() => window.closedWith !== undefined);
    return page.evaluate(() => window.closedWith);
  };
  const heard = (page: Page, message: string) =>
    page.waitForFunction((text) => window.heard.includes(text), message);

  async function connect(page: Page, protocols: string[] = []): Promise<void> {
    await page.evaluate((names) => window.connect(names), protocols);
    await heard(page, "ready");
  }

  async function isRefused(page: Page): Promise<boolean> {
    await page.evaluate(() => window.connect());
    return (await closed(page))?.startsWith("1006") === true;
  }

  describe.each([
    ["the cookie alone", () => ({})],
    ["a store", () => ({ store: memoryStore() })],
  ])("with %s", (_name, options) => {
    it("a change made on the socket is in the next request, and survives a reload", async () => {
      const server = await start(options());
      const context = await visitor();
      const [page, other] = [await tab(context, server), await tab(context, server)];
      await post(page, "/login");
      await connect(page);
      await connect(other);
      await page.evaluate(() => window.socket.send("see 7"));
      await heard(page, "stored");
      expect(await session(page)).toEqual({ user: "ada", seen: 7 });
      await heard(other, 'changed {"user":"ada","seen":7}');
      await page.reload();
      await page.waitForFunction(() => window.isReady);
      expect(await session(page)).toEqual({ user: "ada", seen: 7 });
      // The page's own code got only the app's messages, by either kind of listener.
      const messages = await other.evaluate(() => window.heard);
      const own = ["ready", 'changed {"user":"ada","seen":7}'];
      expect(messages).toEqual(own.flatMap((message) => [`listener ${message}`, message]));
    });

    it("logging out in one tab closes the sockets of the others, and a saved cookie is rejected", async () => {
      const server = await start(options());
      const context = await visitor();
      const [page, other] = [await tab(context, server), await tab(context, server)];
      await post(page, "/login");
      await connect(page);
      await connect(other);
      const saved = await context.cookies();
      await post(page, "/logout");
      expect(await closed(other)).toBe("1008 session ended");
      expect(await closed(page)).toBe("1008 session ended");
      expect(await context.cookies()).toEqual([]);
      const thief = await visitor();
      await thief.addCookies(saved);
      const page2 = await tab(thief, server);
      expect(await session(page2)).toEqual({});
      expect(await isRefused(page2)).toBe(true);
    });

    it("a session that expires closes its socket, and a new socket is denied", async () => {
      const server = await start({ ...options(), maxAge: 2 });
      const page = await tab(await visitor(), server);
      await post(page, "/login");
      await connect(page);
      expect(await closed(page)).toBe("1008 session expired");
      expect(await isRefused(page)).toBe(true);
    });
  });

  it("logging out everywhere closes the sockets of another browser too", async () => {
    const server = await start({ store: memoryStore(), subject: "user" });
    const pages = [await tab(await visitor(), server), await tab(await visitor(), server)] as const;
    for (const page of pages) {
      await post(page, "/login");
      await connect(page);
    }
    const saved = await pages[1].context().cookies();
    await post(pages[0], "/logout-everywhere");
    for (const page of pages) {
      expect(await closed(page)).toBe("1008 session ended");
      expect(await session(page)).toEqual({});
    }
    const thief = await visitor();
    await thief.addCookies(saved);
    expect(await isRefused(await tab(thief, server))).toBe(true);
    await post(pages[1], "/login");
    expect(await session(pages[1])).toEqual({ user: "ada" });
  });

  it("the app's own subprotocol, text and bytes are the same as without the client", async () => {
    const server = await start();
    const page = await tab(await visitor(), server);
    await post(page, "/login");
    await connect(page, ["chat"]);
    expect(await page.evaluate(() => window.socket.protocol)).toBe("chat");
    await page.evaluate(() => {
      window.socket.send("\0 marked");
      window.socket.send("plain");
    });
    await heard(page, "echo plain");
    expect(await page.evaluate(() => window.heard)).toContain("echo \0 marked");
    await page.evaluate(() => window.connect());
    await heard(page, "ready");
    expect(await page.evaluate(() => window.socket.protocol)).toBe("");
  });

  it("a page that is closed in the middle costs the server nothing", async () => {
    const server = await start();
    const context = await visitor();
    const [page, other] = [await tab(context, server), await tab(context, server)];
    await post(page, "/login");
    await connect(page);
    await page.route("**/.galleta/session", () => undefined);
    await page.evaluate(() => window.socket.send("see 1"));
    await eventually(async () => (await page.evaluate(() => window.socket.bufferedAmount)) === 0);
    await page.close();
    await connect(other);
    await other.evaluate(() => window.socket.send("see 2"));
    await heard(other, "stored");
    expect(await session(other)).toEqual({ user: "ada", seen: 2 });
  });

  it("a ws server reports that its site has no exchange, for update and for socketActivity", async () => {
    const options = { secretKey: KEY, maxAge: 20 };
    const events: SessionEvent[] = [];
    const http = httpSession(options)((req, res) => {
      const { pathname } = new URL(req.url ?? "/", "http://here");
      if (pathname === "/login") (req.session as Data)["user"] = "ada";
      res.statusCode = ["/", "/client.js", "/login"].includes(pathname) ? 200 : 404;
      const type = { "/": "text/html", "/client.js": "text/javascript" }[pathname];
      res.setHeader("content-type", type ?? "application/json");
      res.end({ "/": PAGE, "/client.js": client }[pathname] ?? '{"message":"what this app says"}');
    });
    const server = createServer(http);
    const running = await listen(server);
    ends.push(() => running.close());
    const wss = new WebSocketServer({ noServer: true });
    const onEvent = (event: SessionEvent) => void events.push(event);
    const its = { ...options, socketActivity: true, onEvent };
    server.on("upgrade", socketSession(its)(wss));
    wss.on("connection", (ws) => {
      ws.send("ready");
      ws.on("message", (message) => {
        if (String(message) !== "update") return;
        update(sessionOf<Data>(ws), (draft) => (draft["n"] = 1)).catch(({ code }) => ws.send(code));
      });
    });
    const page = await tab(await visitor(), { url: `${running.origin}/` } as LiveServer);
    await post(page, "/login");
    await connect(page);
    await page.evaluate(() => window.socket.send("update"));
    await heard(page, "ERR_SESSION_UPDATE_TIMEOUT");
    const told = () =>
      events.find(({ message }) => message?.includes("socketActivity could not prolong") === true);
    await eventually(async () => {
      await page.evaluate(() => window.socket.send("typing"));
      return told() !== undefined;
    });
    expect(told()).toMatchObject({
      type: "dropped",
      reason: "ERR_SESSION_UPDATE_TIMEOUT",
      message: expect.stringContaining("createSessions") as string,
    });
  });
});

it("the page's client is small, and needs nothing else", async () => {
  const { gzipSync } = await import("node:zlib");
  const text = await bundleClient();
  expect(gzipSync(text).length).toBeLessThan(2048);
  expect(text).not.toMatch(/\b(?:require|import)\b/);
});
