import { describe } from "vitest";
import { isInstalled, serveWith, type Column } from "./column.ts";
import { graphqlWs, nestWs, socketIo, trpc } from "./protocols.ts";
import { socketSuites } from "./suite.ts";

const nest = ["express", "fastify"].flatMap((platform): Column[] => [
  {
    name: `NestJS WsAdapter, ${platform}`,
    start: () => serveWith(`nest-ws-${platform}`),
    wrap: nestWs,
    limits: { hasProtocol: true },
  },
  {
    name: `NestJS IoAdapter, ${platform}`,
    start: () => serveWith(`nest-io-${platform}`),
    path: "/socket.io/?EIO=4&transport=websocket",
    wrap: socketIo,
    // Engine.IO closes without a code.
    limits: { hasProtocol: true, closeCode: 1005 },
  },
]);

// Runs the built packages (`npm run build`) with what `npm run runtimes` installs.
describe.runIf(isInstalled())("sockets of frameworks on Node", () => {
  socketSuites([
    { name: "@fastify/websocket", start: () => serveWith("fastify") },
    { name: "express-ws", start: () => serveWith("express-ws") },
    { name: "koa-websocket", start: () => serveWith("koa-websocket") },
    {
      name: "tRPC",
      start: () => serveWith("trpc"),
      wrap: trpc,
      limits: { hasProtocol: true },
    },
    {
      name: "graphql-ws",
      start: () => serveWith("graphql-ws"),
      protocols: ["graphql-transport-ws"],
      wrap: graphqlWs,
      limits: { hasProtocol: true },
    },
    ...nest,
  ]);
});
