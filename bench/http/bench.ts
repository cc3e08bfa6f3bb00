import { randomBytes } from "node:crypto";
import { atLeast, atMost, type Budget, percent, times } from "../lib/budgets.ts";
import { versionOf } from "../lib/machine.ts";
import type { Options } from "../lib/options.ts";
import { pythonLacks, pythonVersion, startServer, type MeasuredServer } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { load, prepareWrk, type Sample, type Wrk } from "../lib/wrk.ts";
import { loadOf, ROWS, SERVERS, USER_COUNTS, type Row, type Users } from "./rows.ts";

type Samples = ReadonlyMap<Row, readonly Sample[]>;

/**
 * Measures servers with wrk: server on one core, load on the other. Each round starts every server
 * anew, because a Node process settles into a faster or a slower state and stays there.
 */
export async function benchHttp(options: Options): Promise<Budget[]> {
  console.log("\n## HTTP on loopback: one server process on one core, wrk on the other");
  const wrk = await prepareWrk();
  const names = namesOf(options);
  const rows = ROWS.filter(({ server }) => names.includes(server));
  const samples = new Map<Row, Sample[]>(rows.map((row) => [row, []]));
  const [rounds, tries] = options.quick ? [1, 1] : [5, 2];
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const ofServer = rows.filter(({ server }) => server === name);
      try {
        await measureServer(options.node, name, ofServer, wrk, samples, tries);
      } catch (error) {
        printSkipped(name, error instanceof Error ? error.message : String(error));
      }
    }
  }
  print(samples, wrk, rounds);
  return budgetsOf(samples);
}

/** Each round compares neighbours in time; the median of those is steadier than that of medians. */
function ratioOf(samples: Samples, row: Row, other: Row, of: keyof Sample): number {
  const beside = samples.get(other) ?? [];
  const all = samples.get(row) ?? [];
  return median(all.map((sample, i) => sample[of] / (beside[i]?.[of] ?? Number.NaN)));
}

function budgetsOf(samples: Samples): Budget[] {
  const find = (name: string) => [...samples.keys()].find((row) => row.name === name);
  const ratio = (name: string, other: string) => {
    const [row, base] = [find(name), find(other)];
    return row && base ? ratioOf(samples, row, base, "perSecond") : Number.NaN;
  };
  const ours = "App + sessions";
  const fewer = (what: string, most: number, base: string) =>
    atMost(`${what}: fewer requests/s than ${base}`, most, 1 - ratio(what, base), percent);
  const steps = ["untouched", "read", "read + write"];
  return [
    ...fewer(`${ours}: untouched`, 0.02, "App"),
    ...fewer(`${ours}: read`, 0.15, "App"),
    ...fewer("App", 0.1, "h3"),
    ...steps.flatMap((step) => {
      const value = ratio(`${ours}: ${step}`, `Starlette + SessionMiddleware: ${step}`);
      return atLeast(`${ours}: ${step}, requests/s of Starlette`, 2.5, value, times);
    }),
  ];
}

/** The servers that can run here. */
function namesOf({ quick }: Options): readonly string[] {
  const lacks = pythonLacks();
  if (lacks !== undefined) printSkipped("Starlette", lacks);
  return Object.entries(SERVERS)
    .filter(([, { file }]) => lacks === undefined || !file.endsWith(".py"))
    .map(([name]) => name)
    .filter((name) => !quick || /^(?:node|h3|App|Starlette)/.test(name));
}

async function measureServer(
  node: string,
  name: string,
  rows: readonly Row[],
  wrk: Wrk,
  samples: ReadonlyMap<Row, Sample[]>,
  tries: number,
): Promise<void> {
  const { file = "", args = [] } = SERVERS[name] ?? {};
  const server = await startServer(node, file, args);
  try {
    const jars = new Map<Users, readonly string[]>();
    for (const { users } of rows) {
      if (!jars.has(users)) jars.set(users, await jarOf(server, users));
    }
    for (const row of rows) {
      // Warms up.
      await load(wrk, server, loadOf(row, jars), 1, 1);
      samples.get(row)?.push(await load(wrk, server, loadOf(row, jars), 1, tries));
    }
  } finally {
    await server.stop();
  }
}

/** Where there are no sessions, cookies of the same size come all the same. */
async function jarOf(server: MeasuredServer, users: Users): Promise<readonly string[]> {
  const count = USER_COUNTS[users];
  if (users !== "strangers") return server.login(count);
  for (let i = 0; i < count; i += 1) await (await fetch(`${server.url}/plain`)).arrayBuffer();
  return Array.from({ length: count }, () => `session=${randomBytes(110).toString("base64url")}`);
}

function print(samples: Samples, wrk: Wrk, rounds: number): void {
  const speed = (row: Row | undefined) =>
    median((row && samples.get(row))?.map(({ perSecond }) => perSecond) ?? []);
  const cost = (row: Row | undefined) =>
    median((row && samples.get(row))?.map(({ cpuMicros }) => cpuMicros) ?? []);
  const rows = [...samples.keys()];
  const find = (name: string | undefined) => rows.find((row) => row.name === name);
  const ratio = (row: Row, other: Row, of: keyof Sample) => ratioOf(samples, row, other, of);
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
  console.log(
    `\nLoad: ${generator}; 32 connections; 256 users in turn. Cookies are sent to every server, also where there are no sessions.`,
  );
  const packages = ["galleta", "h3", "srvx", "express", "cookie-session", "fastify"];
  const more = ["@fastify/secure-session", "hono", "@hono/node-server"];
  const versions = [...packages, ...more].map((name) => `${name} ${versionOf(name)}`);
  if (pythonLacks() === undefined) {
    versions.push(...["starlette", "uvicorn", "uvloop"].map((m) => `${m} ${pythonVersion(m)}`));
  }
  console.log(`Versions: ${versions.join(", ")}.`);
}
