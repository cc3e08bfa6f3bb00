import { setTimeout as sleep } from "node:timers/promises";
import { stop } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import type { Options } from "../lib/options.ts";
import { startServer, type MeasuredServer } from "../lib/server.ts";
import { median } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { HeldSockets } from "./sockets.ts";

const SERVER = "websocket/servers/galleta.ts";

/** Measures idle sockets: their memory, and how fast they are closed. */
export async function benchIdle(options: Options, tool: string): Promise<Finding[]> {
  const count = options.quick ? 1000 : 10_000;
  const rounds = options.quick ? 1 : 6;
  const [on, off]: [Memory[], Memory[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    on.push(await memoryOf(options.node, tool, "on", count));
    off.push(await memoryOf(options.node, tool, "off", count));
  }
  const heap = (list: readonly Memory[]) => median(list.map(({ heap: bytes }) => bytes));
  const resident = (list: readonly Memory[]) => median(list.map(({ rss }) => rss));
  const [moreHeap, moreResident] = [heap(on) / heap(off) - 1, resident(on) / resident(off) - 1];
  const figure = (bytes: number) => Math.round(bytes).toLocaleString("en");
  const row = (name: string, list: readonly Memory[], ...more: string[]) => {
    const [ofHeap = "", ofResident = ""] = more;
    return [name, figure(heap(list)), ofHeap, figure(resident(list)), ofResident];
  };
  printTable(
    `Memory of one idle socket, bytes, of ${count.toLocaleString("en")}`,
    ["server", "heap and buffers", "more", "resident", "more"],
    [
      row("App, session checked", on, percent(moreHeap), percent(moreResident)),
      row("App without sessions", off),
    ],
  );
  const revoked = await closeOnRevoke(options.node, tool, count);
  const expired = await closeOnExpiry(options.node, tool, count, options.quick ? 8 : 45);
  printTable(
    `Closing ${count.toLocaleString("en")} sockets of one session`,
    ["cause", "code", "first after, ms", "last after, ms"],
    [
      ["a logout over HTTP", ...revoked],
      ["the end of its lifetime", ...expired],
    ],
  );
  const late = expired[0] === "1008" ? Number(expired[2]) : Number.POSITIVE_INFINITY;
  const ratio = (of: keyof Memory) => on.map((each, i) => each[of] / (off[i]?.[of] ?? Number.NaN));
  return [
    {
      what: "heap and buffers of an idle socket, with a session",
      unit: "x",
      atMost: 1.08,
      rounds: ratio("heap"),
    },
    {
      what: `the last of ${figure(count)} sockets to expire, late`,
      unit: " ms",
      atMost: 1000,
      rounds: [late],
      isExact: true,
    },
  ];
}

interface Memory {
  /** Bytes for each socket on V8's heap and in buffers, after a garbage collection. */
  readonly heap: number;
  /** Growth of the process's resident memory, in bytes for each socket. */
  readonly rss: number;
}

async function usage(server: MeasuredServer): Promise<NodeJS.MemoryUsage> {
  const response = await fetch(`${server.url}/memory`);
  return (await response.json()) as NodeJS.MemoryUsage;
}

async function memoryOf(node: string, tool: string, mode: string, count: number): Promise<Memory> {
  const server = await startServer(node, SERVER, [mode], ["--expose-gc"]);
  const [own] = await server.login(1);
  // Without sessions the client sends a cookie of the same size.
  const cookie = own || `session=${"A".repeat(170)}`;
  // Opens and closes some sockets first, so that code is compiled and pools exist.
  await stop((await HeldSockets.open(tool, server, cookie, 200)).child);
  await sleep(500);
  const before = await usage(server);
  const held = await HeldSockets.open(tool, server, cookie, count);
  await sleep(500);
  const after = await usage(server);
  await stop(held.child);
  await stop(server.child);
  const heap = after.heapUsed + after.external - before.heapUsed - before.external;
  return { heap: heap / count, rss: (after.rss - before.rss) / count };
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

const milliseconds = (from: number, ...times: number[]) =>
  times.map((time) => ((time - from) * 1000).toFixed(0));

async function closeOnRevoke(node: string, tool: string, count: number): Promise<string[]> {
  const server = await startServer(node, SERVER, ["on"]);
  const [cookie = ""] = await server.login(1);
  const held = await HeldSockets.open(tool, server, cookie, count);
  const began = Date.now() / 1000;
  await (await fetch(`${server.url}/revoke`, { headers: { cookie } })).arrayBuffer();
  const { code, first, last } = await held.closed();
  await stop(server.child);
  return [String(code), ...milliseconds(began, first, last)];
}

/** @param lifetime seconds; all sockets open faster than that */
async function closeOnExpiry(
  node: string,
  tool: string,
  count: number,
  lifetime: number,
): Promise<string[]> {
  const server = await startServer(node, SERVER, ["on", String(lifetime)]);
  const [cookie = ""] = await server.login(1);
  // A token expires at a whole second, counted from the whole second of its issue.
  const end = Math.floor(Date.now() / 1000) + lifetime;
  const held = await HeldSockets.open(tool, server, cookie, count);
  const { code, first, last } = await held.closed();
  await stop(server.child);
  return [String(code), ...milliseconds(end, first, last)];
}
