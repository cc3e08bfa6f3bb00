import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { has, start, stop, waitFor } from "../lib/children.ts";
import { commandVersion } from "../lib/machine.ts";
import type { Options } from "../lib/options.ts";
import { MeasuredServer, startServer } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { Jar, load, microsOf, type Sample } from "../lib/http-load.ts";
import type { Finding } from "../lib/findings.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Measures with growing numbers of workers, revocations and processes. */
export async function benchScale(options: Options): Promise<Finding[]> {
  console.log("\n## Scale");
  await benchWorkers(options);
  await benchRevocations(options);
  await benchRevoke(options);
  return [];
}

const REQUESTS = 30_000;

/** Loads several servers in turns. The first round is the warm-up. */
async function alternate(
  servers: readonly MeasuredServer[],
  { quick }: Options,
): Promise<Sample[][]> {
  const cookies = await Promise.all(servers.map((server) => server.login(256)));
  // With its first session a server inspects its store. That is not part of a request's cost.
  for (const [i, { url }] of servers.entries()) {
    await (
      await fetch(`${url}/read`, { headers: { cookie: cookies[i]?.[0] ?? "" } })
    ).arrayBuffer();
  }
  const jars = cookies.map((each) => new Jar(each));
  const samples = servers.map((): Sample[] => []);
  for (let round = -1; round < (quick ? 1 : 5); round += 1) {
    for (const [i, server] of servers.entries()) {
      const sample = await load([server], "/read", jars[i] ?? new Jar([]), REQUESTS);
      if (round >= 0) samples[i]?.push(sample);
    }
  }
  await Promise.all(servers.map((server) => server.stop()));
  return samples;
}

const perSecond = ({ requests, seconds }: Sample) => requests / seconds;

async function startWorkers(node: string, workers: number): Promise<MeasuredServer> {
  const cli = path("../../packages/galleta/bin/galleta.js");
  const flags = ["--port", "0", "--workers", String(workers)];
  const child = start([node, cli, "serve", path("servers/app.ts"), ...flags], {
    env: { NODE_ENV: "production" },
  });
  const said = await waitFor(child, "Listening on ");
  return new MeasuredServer(child, Number(/^http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]));
}

async function benchWorkers(options: Options): Promise<void> {
  const counts = [1, 2];
  const servers: MeasuredServer[] = [];
  for (const count of counts) servers.push(await startWorkers(options.node, count));
  const samples = await alternate(servers, options);
  const speeds = samples.map((list) => median(list.map(perSecond)));
  printTable(
    "galleta serve, session read, requests per second",
    ["--workers", "requests/s", "x one worker"],
    counts.map((count, i) => [
      String(count),
      short(speeds[i] ?? Number.NaN),
      short((speeds[i] ?? Number.NaN) / (speeds[0] ?? Number.NaN)),
    ]),
  );
  console.log("\nWorkers choose their core; the load keeps one to itself while it polls.");
}

async function benchRevocations(options: Options): Promise<void> {
  const counts = options.quick ? [0, 1000] : [0, 1000, 1_000_000];
  const servers: MeasuredServer[] = [];
  for (const count of counts) {
    servers.push(await startServer(options.node, "scale/servers/revocations.ts", [String(count)]));
  }
  const samples = await alternate(servers, options);
  const pick = (i: number, of: (sample: Sample) => number) => median((samples[i] ?? []).map(of));
  printTable(
    "Session read with a memory store that remembers ended sessions",
    ["ended sessions", "requests/s", "CPU µs/request", "x none"],
    counts.map((count, i) => [
      count.toLocaleString("en"),
      short(pick(i, perSecond)),
      pick(i, microsOf).toFixed(1),
      short(pick(i, perSecond) / pick(0, perSecond)),
    ]),
  );
}

/**
 * Measures the time from the request that ends a session in one process to the close of its socket
 * in another.
 */
async function benchRevoke({ node, quick }: Options): Promise<void> {
  if (!has("redis-server")) {
    printSkipped("a revoke through Redis", "It needs Debian's redis-server.");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "galleta-bench-"));
  const address = join(folder, "redis.sock");
  const redis = start(["redis-server", "--port", "0", "--unixsocket", address, "--save", ""]);
  try {
    await waitFor(redis, "ready to accept connections");
    const [one, other] = [
      await startServer(node, "scale/servers/redis.ts", [address]),
      await startServer(node, "scale/servers/redis.ts", [address]),
    ];
    const [answered, closed]: [number[], number[]] = [[], []];
    for (let i = 0; i < (quick ? 5 : 40); i += 1) {
      const [cookie = ""] = await one.login(1);
      const socket = new WebSocket(`ws://127.0.0.1:${other.port}/live`, { headers: { cookie } });
      await once(socket, "open");
      const close = once(socket, "close").then(() => performance.now());
      const began = performance.now();
      await (await fetch(`${one.url}/revoke`, { headers: { cookie } })).arrayBuffer();
      answered.push(performance.now() - began);
      closed.push((await close) - began);
    }
    const worst = (list: readonly number[]) => Math.max(...list);
    printTable(
      "A logout in one process, a socket in another, through Redis (milliseconds)",
      ["until", "median", "worst"],
      [
        ["the logout is answered", median(answered).toFixed(1), worst(answered).toFixed(1)],
        ["the socket is closed", median(closed).toFixed(1), worst(closed).toFixed(1)],
      ],
    );
    console.log(`\nRedis ${commandVersion(["redis-server", "--version"])} on a Unix socket.`);
    await Promise.all([one.stop(), other.stop()]);
  } finally {
    await stop(redis);
    rmSync(folder, { recursive: true, force: true });
  }
}
