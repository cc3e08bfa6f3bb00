// Run by bench.ts under valgrind: node main.mjs <mode> <server> <path>. Each `process.umask()` is a
// mark at which valgrind writes down its count: one after the warm-up, one after each window.
import { subscribe } from "node:diagnostics_channel";
import type { Server } from "node:http";
import { port } from "../http/listening.ts";
import { Client } from "./connection.ts";

const SERVERS: Readonly<Record<string, () => Promise<unknown>>> = {
  Fastify: () => import("../http/servers/fastify.ts"),
  Express: () => import("../http/servers/express.ts"),
  Hono: () => import("../http/servers/hono.ts"),
  Koa: () => import("../http/servers/koa.ts"),
  App: () => import("../http/servers/galleta.ts"),
};
const USERS = 64;
const WARM_UP = 8000;
const WINDOWS = 4;
/** Requests in a window. */
const COUNTED = 256;

const [, , mode, name = "", path = ""] = process.argv;
let server: Server | undefined;
subscribe("http.server.request.start", (message) => {
  ({ server } = message as { server: Server });
});
await SERVERS[name]?.();
while (port === 0) await new Promise((resolve) => setTimeout(resolve, 1));
await (await fetch(`http://127.0.0.1:${port}/plain`)).text();
if (server === undefined) throw new Error("No request came.");

const client = new Client(server);
const jar: string[] = [];
for (let user = 0; user < USERS; user += 1) {
  const cookie = mode === "off" ? undefined : await client.get(`/login?n=${user}`, "");
  // Without sessions, cookies of the same size come too.
  jar.push(cookie ?? `session=${"U".repeat(147)}`);
}

async function ask(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const user = i % USERS;
    const cookie = await client.get(path, jar[user] ?? "");
    if (cookie !== undefined) jar[user] = cookie;
    else if (path === "/write") throw new Error("A write set no cookie.");
  }
}
await ask(WARM_UP);
process.umask();
for (let window = 0; window < WINDOWS; window += 1) {
  await ask(COUNTED);
  process.umask();
}
const row = { name, kind: mode, step: path, windows: WINDOWS, count: COUNTED };
console.log(`ROW ${JSON.stringify(row)}`);
process.exit();
