import type { Finding } from "../lib/findings.ts";
import { versionOf } from "../lib/machine.ts";
import type { Options } from "../lib/options.ts";
import { pythonLacks, pythonVersion } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { HERE } from "../lib/tree.ts";
import { measureRows, WARM_UP, type Costs } from "./measure.ts";
import {
  ALL,
  BARE_STARLETTE,
  DECIDING,
  ENCRYPTED,
  FEW,
  FLEET,
  FLEET_ROWS,
  FRAMEWORKS,
  HEADERS,
  keyOf,
  MANY,
  SECURE_SESSION,
  SERVERS,
  SIGNED,
  STARLETTE,
  type Row,
} from "./rows.ts";

/** Measures the rows for the verdicts, and with `--all` every server. */
export async function benchHttp(options: Options): Promise<Finding[]> {
  const lacks = pythonLacks();
  if (lacks !== undefined) printSkipped("Starlette", lacks);
  const all = options.all ? [...ALL, ...FLEET_ROWS] : [...DECIDING, ...FLEET_ROWS];
  const rows = all.filter(
    ({ server }) => lacks === undefined || !SERVERS[server]?.file.endsWith(".py"),
  );
  const effort = options.quick
    ? { rounds: 2, requests: 1000, warmUp: 1000 }
    : { rounds: 6, requests: 1500, warmUp: WARM_UP };
  const subjects = rows.map((row) => ({ row, tree: HERE }));
  const costs = await measureRows(options.node, subjects, effort);
  print(rows, costs);
  const cost = tableOf(rows, costs);
  // Only `--all` measures the rows with three headers.
  if (options.all) printParts(cost);
  return findingsOf(cost);
}

function print(rows: readonly Row[], costs: readonly Costs[]): void {
  printTable(
    "In a server: processor time of one request, µs",
    ["server", "request", "users", "processes", "median"],
    rows.map(({ server, path, users, processes }, i) => [
      server,
      path,
      users.toLocaleString("en"),
      String(processes),
      short(median(costs[i] ?? [])),
    ]),
  );
  const packages = ["galleta", "h3", "express", "cookie-session", "fastify", "koa"];
  const more = ["@fastify/secure-session", "hono", "@hono/node-server"];
  const versions = [...packages, ...more].map((name) => `${name} ${versionOf(name)}`);
  if (pythonLacks() === undefined) {
    versions.push(...["starlette", "uvicorn", "uvloop"].map((m) => `${m} ${pythonVersion(m)}`));
  }
  console.log(`\nVersions: ${versions.join(", ")}.`);
}

/** Returns the costs of a row. */
type CostOf = (server: string, path: Row["path"], users?: number, processes?: number) => Costs;

function tableOf(rows: readonly Row[], costs: readonly Costs[]): CostOf {
  const table = new Map(rows.map((row, i) => [keyOf(row), costs[i] ?? []]));
  return (server, path, users = FEW, processes = 1) =>
    table.get(keyOf({ server, path, users, processes })) ?? [];
}

/**
 * Prints what a read and a write consist of. The first two columns are the framework's: the request,
 * and the same three headers without a session.
 */
function printParts(cost: CostOf): void {
  const difference = (more: Costs, less: Costs) =>
    short(median(pairs(more, less, (a, b) => a - b)));
  printTable(
    "Where a read and a write go: medians of differences in each round, µs",
    ["framework", "bare", "three headers add", "a signed session adds", "an encrypted one"],
    Object.keys(FRAMEWORKS).map((name) => {
      const bare = cost(name, "/plain");
      const floor = cost(`${name} + ${HEADERS}`, "/plain");
      const above = (kind: string) => difference(cost(`${name} + ${kind}`, "/write"), floor);
      const parts = [short(median(bare)), difference(floor, bare), above(SIGNED), above(ENCRYPTED)];
      return [name, ...parts];
    }),
  );
  const starlette = cost(BARE_STARLETTE, "/plain");
  if (starlette.length === 0) return;
  const added = difference(cost(STARLETTE, "/write"), starlette);
  const peer = difference(cost(SECURE_SESSION, "/write"), cost("Fastify", "/plain"));
  console.log(
    `\nStarlette without a session takes ${short(median(starlette))} µs, and its session adds ${added}.` +
      `\nsecure-session adds ${peer} to Fastify, its headers included.`,
  );
}

function findingsOf(cost: CostOf): Finding[] {
  const added = (server: string, base: string) =>
    pairs(cost(server, "/write"), cost(base, "/plain"), (more, less) => more - less);
  const peer = added(SECURE_SESSION, "Fastify");
  const ours = Object.keys(FRAMEWORKS).flatMap((name) =>
    [SIGNED, ENCRYPTED].map((kind): Finding => ({
      what: `${name}: ${kind} session read and written, added to the bare framework; of what secure-session adds to Fastify`,
      unit: "x",
      atMost: kind === SIGNED ? 1 : 1.1,
      rounds: pairs(added(`${name} + ${kind}`, name), peer, (mine, theirs) => mine / theirs),
    })),
  );
  const app = `App + ${SIGNED}`;
  const starlette = (path: Row["path"], server: string) =>
    pairs(cost(STARLETTE, path), cost(server, path), (theirs, mine) => theirs / mine);
  const fleet = (path: Row["path"]) =>
    pairs(cost(app, path, MANY, FLEET), cost(app, path, FEW, FLEET), (many, few) => many / few);
  return [
    ...ours,
    {
      what: "App: an untouched session, of the App without sessions",
      unit: "x",
      atMost: 1.02,
      rounds: pairs(cost(app, "/plain"), cost("App", "/plain"), (mine, bare) => mine / bare),
    },
    {
      what: "App: requests in a second of processor time, of Starlette's: read",
      unit: "x",
      atLeast: 2.5,
      rounds: starlette("/read", app),
    },
    {
      what: "App: the same, read and written",
      unit: "x",
      atLeast: 2,
      rounds: starlette("/write", app),
    },
    {
      what: "App: the same, encrypted (Starlette signs)",
      unit: "x",
      atLeast: 1,
      rounds: starlette("/write", `App + ${ENCRYPTED}`),
    },
    {
      what: `App: ${MANY.toLocaleString("en")} users at random over ${FLEET} processes, of ${FEW}: read`,
      unit: "x",
      atMost: 1.2,
      rounds: fleet("/read"),
    },
    { what: "App: the same, read and written", unit: "x", atMost: 1.2, rounds: fleet("/write") },
  ];
}

/** Combines the costs of two rows, round by round. */
function pairs(one: Costs, other: Costs, join: (a: number, b: number) => number): number[] {
  return one.map((value, i) => join(value, other[i] ?? Number.NaN));
}
