import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client, isInstalled, serveOnWorkerd, serveWith } from "./column.ts";
import { socketSuites } from "./suite.ts";

const DENO = {
  handshakeChange: "ERR_SESSION_RUNTIME",
  handshakeChangeStored: "ERR_SESSION_RUNTIME",
};

// crossws 0.3 cannot choose a subprotocol there.
const OLD_DENO = { ...DENO, hasNoPage: true } as const;

// Runs the built packages (`npm run build`) with what `npm run runtimes` installs.
describe.runIf(isInstalled())("sockets of frameworks on every runtime", () => {
  socketSuites([
    { name: "Hono, Node", start: () => serveWith("hono"), limits: { hidesReason: true } },
    {
      name: "Hono, @hono/node-ws",
      start: () => serveWith("hono-node-ws"),
      limits: { hidesReason: true },
    },
    { name: "Hono, Bun", start: () => serveWith("hono", "bun") },
    { name: "Hono, Deno", start: () => serveWith("hono", "deno"), limits: DENO },
    { name: "Hono, workerd", start: () => serveOnWorkerd("hono") },
    { name: "crossws 0.3, Node", start: () => serveWith("crossws-3") },
    { name: "crossws 0.3, Bun", start: () => serveWith("crossws-3", "bun") },
    { name: "crossws 0.3, Deno", start: () => serveWith("crossws-3", "deno"), limits: OLD_DENO },
    {
      name: "Bun.serve",
      start: () => serveWith("fetch-sockets", "bun"),
      // Bun's upgrade cannot wait for a store.
      limits: { handshakeChangeStored: "ERR_SESSION_RUNTIME" },
    },
    {
      name: "Elysia, Bun",
      start: () => serveWith("elysia", "bun"),
      limits: { handshakeChangeStored: "ERR_SESSION_RUNTIME" },
    },
    {
      name: "Deno.upgradeWebSocket",
      start: () => serveWith("fetch-sockets", "deno"),
      limits: DENO,
    },
    {
      name: "WebSocketPair, workerd",
      start: () => serveOnWorkerd("fetch"),
    },
  ]);
});

describe.runIf(isInstalled())("sockets of a Durable Object, on workerd", () => {
  let server: Awaited<ReturnType<typeof serveOnWorkerd>>;
  beforeAll(async () => {
    server = await serveOnWorkerd("durable");
  });
  afterAll(() => server?.stop());

  it.each(["/ws", "/sleepy"])("%s: each message knows whether its session lives", async (path) => {
    const client = new Client({ name: path, path, start: async () => server }, server);
    const jar = await client.login("stored");
    const { talk, ws, closed } = await client.opened("stored", "", { cookie: jar.header });
    expect(await talk("read")).toBe('{"user":"ann"}');
    await client.get("stored", "/set?seen=1", jar);
    expect(await talk("read")).toBe('{"user":"ann","seen":"1"}');
    expect(await talk("write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
    expect(await talk("update")).toBe('{"user":"ann","seen":"1","updated":true}');
    await client.get("stored", "/logout", jar);
    ws.send("read");
    expect(await closed).toEqual({ code: 1008, reason: "session ended" });
  });

  it.each(["/ws", "/sleepy"])("%s: its messages prolong the session", async (path) => {
    const client = new Client({ name: path, path, start: async () => server }, server);
    const jar = await client.login("active");
    const { talk } = await client.opened("active", "", { cookie: jar.header });
    const first = Number(await talk("until"));
    // After a tenth of 20 seconds, and again counted from then.
    for (const end of [first, first + 2000]) {
      const until = async () => Number(await talk("until"));
      await expect.poll(until, { interval: 300, timeout: 15_000 }).toBeGreaterThan(end);
    }
  });

  it("two sessions: each is resumed at a message, and the end of either closes the socket", async () => {
    const client = new Client({ name: "", path: "/ws", start: async () => server }, server);
    for (const [path, name] of [
      ["/logout", "read"],
      ["/prefs-end", "prefs read"],
    ] as const) {
      const jar = await client.login("storedPair");
      await client.get("storedPair", "/prefs?theme=dark", jar);
      const { talk, ws, closed } = await client.opened("storedPair", "", { cookie: jar.header });
      expect(await talk("read")).toBe('{"user":"ann"}');
      expect(await talk("prefs update")).toBe('{"theme":"dark","updated":true}');
      expect(await client.get("storedPair", "/read", jar)).toBe('{"user":"ann"}');
      await client.get("storedPair", path, jar);
      ws.send(name);
      expect(await closed).toEqual({ code: 1008, reason: "session ended" });
    }
  });

  it("denies a page on another port", async () => {
    const client = new Client({ name: "", path: "/ws", start: async () => server }, server);
    const origin = "http://127.0.0.1:1";
    expect(await client.open("plain", "", { origin })).toMatchObject({ status: 403 });
  });
});
