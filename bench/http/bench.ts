import { versionOf } from "../lib/machine.ts";
import type { Options } from "../lib/options.ts";
import { pythonLacks, pythonVersion, startServer, type MeasuredServer } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { load, prepareWrk, type Sample, type Wrk } from "../lib/wrk.ts";
import { loadOf, ROWS, SERVERS, USER_COUNTS, type Row } from "./rows.ts";

/** Measures servers with wrk: server on one core, load on the other. */
export async function benchHttp(options: Options): Promise<void> {
  console.log("\n## HTTP on loopback: one server process on one core, wrk on the other");
  const wrk = await prepareWrk();
  const servers = await startAll(options);
  try {
    const rows = ROWS.filter(({ server }) => servers.has(server));
    const jars = await fillJars(rows, servers);
    const samples = new Map<Row, Sample[]>(rows.map((row) => [row, []]));
    const rounds = options.quick ? 1 : 5;
    for (let round = -1; round < rounds; round += 1) {
      for (const row of rows) {
        const server = servers.get(row.server);
        if (server === undefined) continue;
        const sample = await load(wrk, server, loadOf(row, jars), 1);
        // The first round warms up.
        if (round >= 0) samples.get(row)?.push(sample);
      }
    }
    print(samples, wrk, rounds);
  } finally {
    await Promise.all(Array.from(servers.values(), (server) => server.stop()));
  }
}

async function startAll({ node, quick }: Options): Promise<Map<string, MeasuredServer>> {
  const servers = new Map<string, MeasuredServer>();
  const lacks = pythonLacks();
  if (lacks !== undefined) printSkipped("Starlette", lacks);
  for (const [name, { file, args }] of Object.entries(SERVERS)) {
    if (lacks !== undefined && file.endsWith(".py")) continue;
    if (quick && !/^(?:node|h3|App|Starlette)/.test(name)) continue;
    try {
      servers.set(name, await startServer(node, file, args));
    } catch (error) {
      printSkipped(name, error instanceof Error ? error.message : String(error));
    }
  }
  return servers;
}

async function fillJars(rows: readonly Row[], servers: ReadonlyMap<string, MeasuredServer>) {
  const jars = new Map<string, readonly string[]>();
  for (const { server, users } of rows) {
    const key = `${server} ${users}`;
    if (users === "none" || jars.has(key)) continue;
    jars.set(key, (await servers.get(server)?.login(USER_COUNTS[users])) ?? []);
  }
  return jars;
}

function print(samples: ReadonlyMap<Row, readonly Sample[]>, wrk: Wrk, rounds: number): void {
  const speed = (row: Row | undefined) =>
    median((row && samples.get(row))?.map(({ perSecond }) => perSecond) ?? []);
  const cost = (row: Row | undefined) =>
    median((row && samples.get(row))?.map(({ cpuMicros }) => cpuMicros) ?? []);
  const rows = [...samples.keys()];
  const find = (name: string | undefined) => rows.find((row) => row.name === name);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  // Each round compares neighbours in time; the median of those ratios is steadier than the
  // ratio of the medians.
  const ratio = (row: Row, other: Row, of: keyof Sample) =>
    median(
      (samples.get(row) ?? []).map(
        (sample, i) => sample[of] / (samples.get(other)?.[i]?.[of] ?? Number.NaN),
      ),
    );
  const baseline = find("Starlette + SessionMiddleware: read");
  printTable(
    `Requests per second, median of ${rounds} rounds`,
    [
      "server",
      "requests/s",
      "CPU µs/request",
      "fewer than without",
      "more CPU",
      "x Starlette's read",
    ],
    rows.map((row) => {
      const base = find(row.base);
      return [
        row.name,
        short(speed(row)),
        cost(row).toFixed(1),
        base === undefined ? "" : `${percent(1 - ratio(row, base, "perSecond"))} (${base.name})`,
        base === undefined ? "" : percent(ratio(row, base, "cpuMicros") - 1),
        baseline === undefined ? "" : ratio(row, baseline, "perSecond").toFixed(2),
      ];
    }),
  );
  const generator =
    wrk.shim === undefined
      ? "stock wrk, which sleeps (no C compiler for the shim): servers pay for waking it"
      : "wrk with the shim of load/poll.c, so that it polls and never sleeps";
  console.log(`\nLoad: ${generator}; 32 connections; read and write rows with 256 users in turn.`);
  const packages = ["galleta", "h3", "srvx", "express", "cookie-session", "fastify"];
  const more = ["@fastify/secure-session", "hono", "@hono/node-server"];
  const versions = [...packages, ...more].map((name) => `${name} ${versionOf(name)}`);
  if (pythonLacks() === undefined) {
    versions.push(...["starlette", "uvicorn", "uvloop"].map((m) => `${m} ${pythonVersion(m)}`));
  }
  console.log(`Versions: ${versions.join(", ")}.`);
}
