import { describe } from "vitest";
import { isInstalled, serveOnWorkerd, serveWith } from "./column.ts";
import { socketSuites } from "./suite.ts";

const DENO = {
  handshakeChange: "ERR_SESSION_RUNTIME",
  handshakeChangeStored: "ERR_SESSION_RUNTIME",
};

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
    {
      name: "Bun.serve",
      start: () => serveWith("fetch-sockets", "bun"),
      // Bun's upgrade cannot wait for a store.
      limits: { handshakeChangeStored: "ERR_SESSION_RUNTIME", hasNoPage: true },
    },
    {
      name: "Deno.upgradeWebSocket",
      start: () => serveWith("fetch-sockets", "deno"),
      limits: { ...DENO, hasNoPage: true },
    },
    {
      name: "WebSocketPair, workerd",
      start: () => serveOnWorkerd("fetch"),
      limits: { hasNoPage: true },
    },
  ]);
});
