// npm run fleet: what a process pays beside a busy fleet, with a redis-server of its own.
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { createSessions } from "@galleta/session";
import { redisBackplane, redisStore } from "@galleta/session/redis";
import { Redis } from "ioredis";
import { median, short } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";

type Data = Record<string, unknown>;
const SECRET = "a secret key of the benchmark, long enough for all";
const SECONDS = process.argv.includes("--quick") ? 2 : 5;
const DATA = { user: "ada", cart: "x".repeat(300) };

function open(url: string) {
  const client = new Redis(url);
  const sessions = createSessions<Data>({
    secretKey: SECRET,
    store: redisStore(client),
    backplane: redisBackplane(client),
    storage: "store",
    storeTimeout: 10,
  });
  return { client, sessions };
}

async function request(
  { sessions }: ReturnType<typeof open>,
  cookie: string,
  change?: (session: Data) => void,
): Promise<string> {
  const context = sessions.open(cookie);
  await context.load();
  if (change === undefined) void context.session["user"];
  else change(context.session);
  const { setCookie } = await context.commit();
  return setCookie[0]?.split(";")[0] ?? cookie;
}

/** A process that serves nothing, or that answers one request as soon as it can. */
async function child(url: string, cookie: string): Promise<void> {
  const began = performance.now();
  const made = open(url);
  made.sessions.start();
  if (cookie !== "-") await request(made, cookie);
  await made.client.ping();
  process.send?.({ first: performance.now() - began, heap: process.memoryUsage().heapUsed });
  const stream = () => (made.client as unknown as { stream: { bytesRead: number } }).stream;
  process.on("message", () =>
    process.send?.({ cpu: process.cpuUsage(), bytes: stream().bytesRead }),
  );
}

async function startChild(url: string, cookie = "-") {
  const made = fork(process.argv[1]!, ["child", url, cookie], { execArgv: process.execArgv });
  const [said] = (await once(made, "message")) as [{ first: number; heap: number }];
  const usage = async () => {
    made.send("usage");
    const [{ cpu, bytes }] = (await once(made, "message")) as [
      { cpu: NodeJS.CpuUsage; bytes: number },
    ];
    return { cpu: (cpu.user + cpu.system) / 1e6, bytes };
  };
  return { ...said, usage, stop: () => stop(made) };
}

async function stop(made: ChildProcess): Promise<void> {
  const ended = once(made, "exit");
  made.kill("SIGKILL");
  await ended;
}

async function startRedis() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const made = spawn("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""]);
  for await (const data of made.stdout) if (String(data).includes("Ready to accept")) break;
  return { url: `redis://127.0.0.1:${port}`, stop: () => stop(made) };
}

const number = (text: string, name: string) =>
  Number(new RegExp(`${name}[:=]([\\d.]+)`).exec(text)?.[1]);

async function redisCpu(client: Redis): Promise<number> {
  const info = await client.info("cpu");
  return number(info, "used_cpu_sys") + number(info, "used_cpu_user");
}

async function benchIdle(url: string): Promise<void> {
  const busy = open(url);
  const cookies = await Promise.all(
    Array.from({ length: 200 }, () => request(busy, "", (session) => Object.assign(session, DATA))),
  );
  const rows: string[][] = [];
  let n = 0;
  for (const rate of [0, 100, 1000, 5000]) {
    const idle = await startChild(url);
    await sleep(500);
    const before = await idle.usage();
    const began = performance.now();
    let made = 0;
    while (performance.now() - began < SECONDS * 1000) {
      const due = Math.min(200, Math.floor(((performance.now() - began) / 1000) * rate) - made);
      if (due > 0) {
        await Promise.all(
          cookies.slice(0, due).map(async (cookie, i) => {
            cookies[i] = await request(busy, cookie, (session) => (session["n"] = n += 1));
          }),
        );
        made += due;
      } else await sleep(5);
    }
    const seconds = (performance.now() - began) / 1000;
    const after = await idle.usage();
    const used = (after.cpu - before.cpu) / seconds;
    const got = (after.bytes - before.bytes) / seconds;
    rows.push([
      `${rate}`,
      short(made / seconds),
      `${(used * 100).toFixed(2)} %`,
      `${short(got)} B/s`,
    ]);
    await idle.stop();
  }
  busy.client.disconnect();
  printTable(
    "An idle process",
    ["wanted changes/s", "made/s", "CPU of an idle process", "network in"],
    rows,
  );
}

async function benchStart(url: string): Promise<void> {
  const busy = open(url);
  const cookie = await request(busy, "", (session) => Object.assign(session, DATA));
  const rows: string[][] = [];
  let ended = 0;
  for (const count of [0, 10_000, 100_000, 1_000_000]) {
    while (ended < count) {
      const pipeline = busy.client.pipeline();
      const end = Math.min(count, ended + 10_000);
      for (; ended < end; ended += 1)
        pipeline.set(`galleta:{end-${ended}-of-a-session}:e`, "0000009999999999", "EX", 1_209_600);
      await pipeline.exec();
    }
    const starts = [];
    for (let i = 0; i < 5; i += 1) {
      const one = await startChild(url, cookie);
      starts.push(one);
      await one.stop();
    }
    const first = median(starts.map((one) => one.first));
    const heap = median(starts.map((one) => one.heap));
    rows.push([`${count}`, `${first.toFixed(1)} ms`, `${(heap / 1e6).toFixed(1)} MB`]);
  }
  busy.client.disconnect();
  printTable("A cold start", ["ended sessions", "first request of a new process", "heap"], rows);
}

async function benchCommands(url: string): Promise<void> {
  const { client } = open(url);
  const store = redisStore(client);
  const value = JSON.stringify(DATA);
  const ROUND = 4000;
  let k = 0;
  const works: Record<string, (i: number) => Promise<unknown>> = {
    "read, Galleta (MGET)": (i) => store.get([`s:${i % 100}`, `e:${i % 100}`]) as Promise<unknown>,
    "read, as connect-redis (GET)": (i) => client.get(`sess:${i % 100}`),
    "write, Galleta (script)": (i) =>
      store.replace({
        key: `s:${i % 100}`,
        base: (k += 1),
        rev: k + 1,
        value,
        seconds: 1_209_600,
      }) as Promise<unknown>,
    "first write, Galleta (SET NX)": (i) =>
      store.replace({
        key: `s:new-${(k += 1)}-${i}`,
        base: 0,
        rev: 1,
        value,
        seconds: 600,
      }) as Promise<unknown>,
    "write, as connect-redis (SET EX)": (i) =>
      client.set(`sess:${i % 100}`, value, "EX", 1_209_600),
  };
  const costs = new Map<string, number[]>(Object.keys(works).map((name) => [name, []]));
  for (let round = 0; round < 6; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const before = await redisCpu(client);
      for (let i = 0; i < ROUND; i += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, j) => work(i + j)));
      }
      if (round > 0) costs.get(name)?.push((((await redisCpu(client)) - before) / ROUND) * 1e6);
    }
  }
  client.disconnect();
  printTable(
    "What Redis pays for a command",
    ["command", "CPU of Redis"],
    [...costs].map(([name, list]) => [name, `${median(list).toFixed(1)} us`]),
  );
}

async function benchProcesses(url: string): Promise<void> {
  const busy = open(url);
  let cookie = await request(busy, "", (session) => Object.assign(session, DATA));
  const points: [number, number][] = [];
  for (const count of [1, 2, 4, 8]) {
    const idle = await Promise.all(Array.from({ length: count - 1 }, () => startChild(url)));
    const before = await redisCpu(busy.client);
    const changes = 2000;
    for (let i = 0; i < changes; i += 1) {
      cookie = await request(busy, cookie, (session) => (session["n"] = i));
    }
    points.push([count, (((await redisCpu(busy.client)) - before) / changes) * 1e6]);
    await Promise.all(idle.map((one) => one.stop()));
  }
  busy.client.disconnect();
  const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) /
    points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const at = (n: number) => `${(my + slope * (n - mx)).toFixed(0)} us (computed)`;
  printTable(
    "What Redis pays in a growing fleet",
    ["processes", "CPU of Redis for a read and a change"],
    [
      ...points.map(([n, cost]) => [`${n}`, `${cost.toFixed(0)} us`]),
      ["50", at(50)],
      ["200", at(200)],
    ],
  );
  console.log(`Growth: ${slope.toFixed(2)} us for each process.`);
}

if (process.argv[2] === "child") await child(process.argv[3]!, process.argv[4]!);
else {
  const redis = await startRedis();
  try {
    for (const bench of [benchIdle, benchCommands, benchProcesses, benchStart])
      await bench(redis.url);
  } finally {
    await redis.stop();
  }
  process.exit(0);
}
