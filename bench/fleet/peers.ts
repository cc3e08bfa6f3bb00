import { Agent, get } from "node:http";
import { startServer, type MeasuredServer } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { MeasuredRedis } from "./redis.ts";

/** How many requests run at the same time, and how many users send them in turn. */
interface Traffic {
  readonly name: string;
  readonly atOnce: number;
  readonly users: number;
}

// With many users, each comes back after more than a second, so every request asks Redis.
const TRAFFIC: readonly Traffic[] = [
  { name: "one request at a time", atOnce: 1, users: 2500 },
  { name: "8 at once", atOnce: 8, users: 4000 },
  { name: "64 at once", atOnce: 64, users: 4000 },
  { name: "8 at once, users come back within a second", atOnce: 8, users: 50 },
];

interface Cost {
  readonly cpu: number;
  readonly commands: number;
}

/** A server with the cookies of its users. */
class Site {
  readonly #server: MeasuredServer;
  readonly #jar: string[];
  readonly #agent = new Agent({ keepAlive: true });

  constructor(server: MeasuredServer, jar: string[]) {
    this.#server = server;
    this.#jar = jar;
  }

  async ask(path: string, { atOnce, users }: Traffic, count: number): Promise<void> {
    let next = 0;
    const visit = async () => {
      for (let i = next++; i < count; i = next++) await this.#one(path, i % users);
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
  }
}

/**
 * Measures the load of Redis per request, compared with express-session and connect-redis, in
 * alternating rounds.
 */
export async function benchPeers({ quick }: { quick: boolean }): Promise<void> {
  const kinds = ["connect-redis", "galleta"];
  for (const traffic of TRAFFIC) {
    const count = quick ? 500 : Math.max(traffic.users, 3000);
    // Each library has its own Redis, so that the keys of the other do not slow it down.
    const databases = await Promise.all(kinds.map(() => MeasuredRedis.start()));
    const servers = await Promise.all(
      kinds.map((kind, i) =>
        startServer(process.execPath, "fleet/server.ts", [kind, databases[i]!.url]),
      ),
    );
    const sites = await Promise.all(
      servers.map(async (server) => new Site(server, await server.login(traffic.users))),
    );
    const costs = new Map<string, Cost[]>();
    for (let round = 0; round < (quick ? 2 : 6); round += 1) {
      for (const path of ["/read", "/write"]) {
        for (const [i, kind] of kinds.entries()) {
          const redis = databases[i]!;
          await redis.client.config("RESETSTAT");
          const before = await redis.cpu();
          await sites[i]!.ask(path, traffic, count);
          const cpu = (((await redis.cpu()) - before) / count) * 1e6;
          const commands = (await redis.commands()) / count;
          if (round > 0)
            costs.set(path + kind, [...(costs.get(path + kind) ?? []), { cpu, commands }]);
        }
      }
    }
    print(traffic, costs);
    await Promise.all([...sites, ...databases].map((one) => one.stop()));
  }
}

function print({ name }: Traffic, costs: ReadonlyMap<string, readonly Cost[]>): void {
  const rows = ["/read", "/write"].map((path) => {
    const theirs = costs.get(`${path}connect-redis`) ?? [];
    const ours = costs.get(`${path}galleta`) ?? [];
    const ratios = ours.map(({ cpu }, i) => cpu / (theirs[i]?.cpu ?? Number.NaN));
    const cell = (list: readonly Cost[]) => [
      short(median(list.map(({ commands }) => commands))),
      `${median(list.map(({ cpu }) => cpu)).toFixed(1)} us`,
    ];
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    return [path.slice(1), ...cell(theirs), ...cell(ours), median(ratios).toFixed(2), range];
  });
  printTable(
    `What a request costs Redis: ${name}`,
    ["request", "connect-redis: commands", "CPU", "Galleta: commands", "CPU", "ratio", "of rounds"],
    rows,
  );
}
