import { Agent, get } from "node:http";
import type { Finding } from "../lib/findings.ts";
import { startServer, type MeasuredServer } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { MeasuredRedis } from "./redis.ts";
import { repeat } from "./rounds.ts";

/** How many requests run at the same time, and how many users send them in turn. */
interface Traffic {
  readonly name: string;
  readonly atOnce: number;
  readonly users: number;
}

/** With so many users, each comes back after more than a second, so every request asks Redis. */
const USERS = 6000;
const TRAFFIC: readonly Traffic[] = [
  { name: "one request at a time", atOnce: 1, users: USERS },
  { name: "8 simultaneous", atOnce: 8, users: USERS },
  { name: "64 simultaneous", atOnce: 64, users: USERS },
  { name: "8 simultaneous, users come back within a second", atOnce: 8, users: 50 },
];
const REQUESTS = 1500;
const PATHS = ["/read", "/write"] as const;

interface Cost {
  /** Microseconds of processor time for a request. */
  readonly cpu: number;
  readonly commands: number;
}

/** What the rounds of one traffic cost, by path. */
type Costs = Record<(typeof PATHS)[number], Cost[]>;

/**
 * A server with the cookies of its users. Each library has its own Redis, so that the keys of the
 * other do not slow it down.
 */
class Site {
  readonly #server: MeasuredServer;
  readonly #redis: MeasuredRedis;
  readonly #jar: string[];
  readonly #agent = new Agent({ keepAlive: true });
  #next = 0;

  private constructor(server: MeasuredServer, redis: MeasuredRedis, jar: string[]) {
    this.#server = server;
    this.#redis = redis;
    this.#jar = jar;
  }

  static async open(kind: "connect-redis" | "galleta"): Promise<Site> {
    const redis = await MeasuredRedis.start();
    const server = await startServer(process.execPath, "fleet/server.ts", [kind, redis.url]);
    return new Site(server, redis, await server.login(USERS));
  }

  async measure(path: string, traffic: Traffic): Promise<Cost> {
    const redis = this.#redis;
    await redis.client.config("RESETSTAT");
    const before = await redis.cpu();
    await this.#ask(path, traffic);
    const cpu = (((await redis.cpu()) - before) / REQUESTS) * 1e6;
    return { cpu, commands: (await redis.commands()) / REQUESTS };
  }

  async #ask(path: string, { atOnce, users }: Traffic): Promise<void> {
    const end = this.#next + REQUESTS;
    const visit = async () => {
      while (this.#next < end) await this.#one(path, this.#next++ % users);
    };
    await Promise.all(Array.from({ length: atOnce }, visit));
  }

  #one(path: string, user: number): Promise<void> {
    const headers = { cookie: this.#jar[user] ?? "" };
    return new Promise((resolve, reject) => {
      get(`${this.#server.url}${path}`, { agent: this.#agent, headers }, (res) => {
        if (res.statusCode !== 200) return void reject(new Error(`${path}: ${res.statusCode}`));
        const [cookie] = res.headers["set-cookie"] ?? [];
        if (cookie !== undefined) this.#jar[user] = cookie.slice(0, cookie.indexOf(";"));
        res.resume().once("end", resolve);
      }).once("error", reject);
    });
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#server.stop();
    await this.#redis.stop();
  }
}

/**
 * Measures the load of Redis per request, compared with express-session and connect-redis, in
 * alternating rounds.
 */
export async function benchPeers(): Promise<Finding[]> {
  const sites = [await Site.open("connect-redis"), await Site.open("galleta")] as const;
  const findings: Finding[] = [];
  for (const traffic of TRAFFIC) {
    const [theirs, ours]: [Costs, Costs] = [emptyCosts(), emptyCosts()];
    await repeat({ most: 15, seconds: 50 }, async (round) => {
      for (const path of PATHS) {
        const order = round % 2 === 0 ? [0, 1] : [1, 0];
        const costs: Cost[] = [];
        for (const i of order) costs[i] = await sites[i as 0 | 1].measure(path, traffic);
        if (round === 0) continue;
        theirs[path].push(costs[0]!);
        ours[path].push(costs[1]!);
      }
    });
    print(traffic, theirs, ours);
    findings.push(...judged(traffic, theirs, ours));
  }
  for (const site of sites) await site.stop();
  return findings;
}

const emptyCosts = (): Costs => ({ "/read": [], "/write": [] });

function ratios(theirs: readonly Cost[], ours: readonly Cost[], of: keyof Cost): number[] {
  return ours.map((cost, i) => cost[of] / (theirs[i]?.[of] ?? Number.NaN));
}

function print({ name }: Traffic, theirs: Costs, ours: Costs): void {
  const cells = (list: readonly Cost[]) => [
    short(median(list.map(({ commands }) => commands))),
    `${median(list.map(({ cpu }) => cpu)).toFixed(1)} us`,
  ];
  const rows = PATHS.map((path) => [path.slice(1), ...cells(theirs[path]), ...cells(ours[path])]);
  printTable(
    `What a request costs Redis: ${name}`,
    ["request", "connect-redis: commands", "CPU", "Galleta: commands", "CPU"],
    rows,
  );
}

function judged({ name }: Traffic, theirs: Costs, ours: Costs): Finding[] {
  const of = (path: (typeof PATHS)[number], what: keyof Cost) =>
    ratios(theirs[path], ours[path], what);
  return [
    {
      what: `${name}: Redis CPU of a write, against connect-redis`,
      unit: "x",
      atMost: 1.2,
      rounds: of("/write", "cpu"),
    },
    {
      what: `${name}: Redis CPU of a read, against connect-redis`,
      unit: "x",
      rounds: of("/read", "cpu"),
    },
    {
      what: `${name}: commands of a read, against connect-redis`,
      unit: "x",
      atMost: 1,
      rounds: of("/read", "commands"),
    },
  ];
}
