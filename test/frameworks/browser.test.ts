import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { available } from "../support/require.ts";
import { isInstalled, serveWith, type Server } from "./column.ts";

interface Target {
  readonly name: string;
  readonly server: string;
  readonly path?: string;
  readonly protocols?: readonly string[];
  /** The close code of a socket whose session has ended. Default 1008. */
  readonly closeCode?: number;
}

const IO = { path: "/socket.io/?EIO=4&transport=websocket", closeCode: 1005 };

const SOCKETS: readonly Target[] = [
  { name: "@fastify/websocket", server: "fastify" },
  { name: "express-ws", server: "express-ws" },
  { name: "koa-websocket", server: "koa-websocket" },
  { name: "Hono", server: "hono" },
  { name: "@hono/node-ws", server: "hono-node-ws" },
  { name: "tRPC", server: "trpc" },
  { name: "graphql-ws", server: "graphql-ws", protocols: ["graphql-transport-ws"] },
  { name: "NestJS WsAdapter, express", server: "nest-ws-express" },
  { name: "NestJS WsAdapter, fastify", server: "nest-ws-fastify" },
  { name: "NestJS IoAdapter, express", server: "nest-io-express", ...IO },
  { name: "NestJS IoAdapter, fastify", server: "nest-io-fastify", ...IO },
  { name: "crossws 0.3", server: "crossws-3" },
];

const STREAMS: readonly Target[] = [
  { name: "node:http", server: "sse-node" },
  { name: "Express", server: "sse-express" },
  { name: "Fastify", server: "sse-fastify" },
  { name: "Koa", server: "sse-koa" },
  { name: "Hono", server: "sse-hono" },
  { name: "h3", server: "sse-h3" },
  { name: "tRPC", server: "sse-trpc", path: "/trpc/ticks" },
  { name: "GraphQL Yoga", server: "sse-yoga", path: "/graphql?query=subscription%7Bticks%7D" },
];

/** Opens a socket in a page. @returns "open", or "refused" where it never was */
const openSocket = (page: Page, url: string, protocols: readonly string[] = []) =>
  page.evaluate(
    ([to, offered]) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(to as string, offered as string[]);
        const ended = new Promise((end) => {
          socket.addEventListener("close", ({ code }) => end(code));
        });
        Object.assign(window, { ended });
        socket.addEventListener("open", () => resolve("open"));
        socket.addEventListener("error", () => resolve("refused"));
      }),
    [url, protocols] as const,
  );

/** Opens a stream in a page. @returns what came first, or "refused" */
const openStream = (page: Page, url: string) =>
  page.evaluate(async (to) => {
    try {
      const headers = { accept: "text/event-stream" };
      const response = await fetch(to, { credentials: "include", headers });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!text.includes("ann")) text += (await reader.read()).value;
      const drain = async (): Promise<string> => ((await reader.read()).done ? "ended" : drain());
      Object.assign(window, { ended: drain() });
      return "open";
    } catch {
      return "refused";
    }
  }, url);

const ended = (page: Page) =>
  page.evaluate(() => (window as never as { ended: Promise<unknown> }).ended);

describe.runIf(available(CHROMIUM) && isInstalled())("in a real browser", () => {
  let browser: Browser;
  let thief: HttpServer;
  const servers = new Map<string, Server>();
  beforeAll(async () => {
    thief = createServer((_req, res) => {
      res.setHeader("content-type", "text/html").end("<!doctype html><title>thief</title>");
    });
    await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
    const start = async ({ server }: Target) => {
      servers.set(server, await serveWith(server));
    };
    [browser] = await Promise.all([launchBrowser(), ...[...SOCKETS, ...STREAMS].map(start)]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    thief?.close();
    await Promise.all([...servers.values()].map((server) => server.stop()));
  });

  const thiefs = () => `http://127.0.0.1:${(thief.address() as AddressInfo).port}/`;

  async function open(context: BrowserContext, url: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** Tries a target from the thief's page and from its own, and logs out in another tab. */
  async function attack(
    { server }: Target,
    connect: (page: Page, origin: string) => Promise<string>,
  ): Promise<unknown> {
    const origin = `http://127.0.0.1:${servers.get(server)!.ports.plain}`;
    const context = await browser.newContext();
    try {
      await open(context, `${origin}/login?user=ann`);
      // A host's cookie is sent to all its ports, and from pages of all its ports.
      expect(await connect(await open(context, thiefs()), origin)).toBe("refused");
      const own = await open(context, `${origin}/page`);
      expect(await connect(own, origin)).toBe("open");
      await open(context, `${origin}/logout`);
      return await ended(own);
    } finally {
      await context.close();
    }
  }

  it.each(SOCKETS.map((target) => [target.name, target] as const))(
    "a socket of %s is denied to a page on another port, and closed by a logout in another tab",
    async (_name, target) => {
      const { path = "/ws", protocols, closeCode = 1008 } = target;
      const code = await attack(target, (page, origin) =>
        openSocket(page, origin.replace("http", "ws") + path, protocols),
      );
      expect(code).toBe(closeCode);
    },
  );

  it.each(STREAMS.map((target) => [target.name, target] as const))(
    "a stream of %s is denied to a page on another port, and ends by a logout in another tab",
    async (_name, target) => {
      const { path = "/events" } = target;
      const outcome = await attack(target, (page, origin) => openStream(page, origin + path));
      expect(outcome).toBe("ended");
    },
  );
});
