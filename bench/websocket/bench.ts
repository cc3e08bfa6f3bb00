import type { Finding } from "../lib/findings.ts";
import { stop } from "../lib/children.ts";
import { versionOf } from "../lib/machine.ts";
import type { Options } from "../lib/options.ts";
import { pythonLacks, pythonVersion, startServer, type MeasuredServer } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { compile } from "../lib/tools.ts";
import { benchIdle } from "./idle.ts";
import { loadSockets, type SocketSample } from "./sockets.ts";

const ROWS = [
  { name: "App, session checked", file: "websocket/servers/galleta.ts", arg: "on" },
  { name: "App without sessions", file: "websocket/servers/galleta.ts", arg: "off" },
  { name: "ws + ours", file: "websocket/servers/ws.ts", arg: "galleta" },
  { name: "ws + cookie-session's recipe", file: "websocket/servers/ws.ts", arg: "cookie-session" },
  { name: "bare ws", file: "websocket/servers/ws.ts", arg: "bare" },
  { name: "bare crossws", file: "websocket/servers/crossws.ts", arg: "" },
  { name: "Starlette + SessionMiddleware", file: "http/servers/asgi.py", arg: "session" },
] as const;

const MODES = ["upgrade", "echo"] as const;
type Mode = (typeof MODES)[number];

interface Measured {
  readonly name: string;
  readonly server: MeasuredServer;
  readonly cookie: string;
  readonly samples: Record<Mode, SocketSample[]>;
}

/** Measures WebSocket handshakes and messages, then idle sockets. */
export async function benchWebSocket(options: Options): Promise<Finding[]> {
  console.log("\n## WebSocket on loopback: one server process on one core, load on the other");
  const tool = await compile("sockets");
  const rows = await startAll(options);
  const rounds = options.quick ? 1 : 7;
  for (let round = 0; round < rounds; round += 1) {
    for (const mode of MODES) {
      for (const { server, cookie, samples } of rows) {
        samples[mode].push(await loadSockets(tool, mode, server, cookie, options.quick ? 1 : 1.6));
      }
    }
  }
  await Promise.all(rows.map(({ server }) => stop(server.child)));
  print(rows, rounds);
  return [...findingsOf(rows), ...(await benchIdle(options, tool))];
}

const RECIPE = "ws + cookie-session's recipe";
const STARLETTE = "Starlette + SessionMiddleware";

function findingsOf(rows: readonly Measured[]): Finding[] {
  const ours = rows.find(({ name }) => name === "App, session checked");
  if (ours === undefined) return [];
  const check = (mode: Mode, other: string, atLeast: number): Finding => ({
    what: `${mode === "upgrade" ? "handshakes" : "echoes"} in a second of processor time, of ${other}`,
    unit: "x",
    atLeast,
    rounds: ratiosOf(rows, ours, other, mode),
  });
  return [
    check("upgrade", RECIPE, 1.2),
    check("echo", "bare crossws", 0.95),
    check("upgrade", STARLETTE, 2),
    check("echo", STARLETTE, 2),
  ];
}

/** Returns how many times cheaper a row is than another one, for each round. */
function ratiosOf(rows: readonly Measured[], row: Measured, name: string, mode: Mode): number[] {
  const other = rows.find((each) => each.name === name)?.samples[mode];
  return row.samples[mode].map(
    ({ cpuMicros }, i) => (other?.[i]?.cpuMicros ?? Number.NaN) / cpuMicros,
  );
}

async function startAll({ node }: Options): Promise<Measured[]> {
  const rows: Measured[] = [];
  const lacks = pythonLacks();
  for (const { name, file, arg } of ROWS) {
    if (lacks !== undefined && file.endsWith(".py")) {
      printSkipped(name, lacks);
      continue;
    }
    const server = await startServer(node, file, arg === "" ? [] : [arg]);
    const [cookie = ""] = file.endsWith("crossws.ts") ? [] : await server.login(1);
    rows.push({ name, server, cookie, samples: { upgrade: [], echo: [] } });
  }
  return rows;
}

function print(rows: readonly Measured[], rounds: number): void {
  const speed = (row: Measured, mode: Mode) =>
    median(row.samples[mode].map(({ perSecond }) => perSecond));
  const cpu = (row: Measured, mode: Mode) =>
    median(row.samples[mode].map(({ cpuMicros }) => cpuMicros)).toFixed(1);
  const times = (row: Measured, name: string, mode: Mode) =>
    short(median(ratiosOf(rows, row, name, mode)));
  printTable(
    `Handshakes per second, 16 at a time, median of ${rounds} rounds`,
    ["server", "upgrades/s", "CPU µs each", "x the recipe", "x Starlette"],
    rows.map((row) => [
      row.name,
      short(speed(row, "upgrade")),
      cpu(row, "upgrade"),
      times(row, RECIPE, "upgrade"),
      times(row, STARLETTE, "upgrade"),
    ]),
  );
  printTable(
    `Messages of 32 bytes there and back per second, 64 sockets, median of ${rounds} rounds`,
    ["server", "echoes/s", "CPU µs each", "x bare crossws", "x Starlette"],
    rows.map((row) => [
      row.name,
      short(speed(row, "echo")),
      cpu(row, "echo"),
      times(row, "bare crossws", "echo"),
      times(row, STARLETTE, "echo"),
    ]),
  );
  const versions = ["galleta", "crossws", "ws", "cookie-session"].map(
    (name) => `${name} ${versionOf(name)}`,
  );
  if (pythonLacks() === undefined) versions.push(`websockets ${pythonVersion("websockets")}`);
  console.log(`\nLoad: load/sockets.c, which polls. Versions: ${versions.join(", ")}.`);
}
