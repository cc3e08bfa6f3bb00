import { Cluster } from "ioredis";
import { createSessions, destroy, type Sessions } from "@galleta/session";
import { redisStore } from "@galleta/session/redis";
import { RedisCluster } from "@galleta/test-support/redis-fleet";
import type { Finding } from "../lib/findings.ts";
import { printTable } from "../lib/table.ts";
import { DATA, request } from "./process.ts";

const SESSIONS = 1000;

type Fleet = Sessions<Record<string, unknown>>;

/** How the commands of sessions are spread over a Cluster's three masters. */
export async function benchSpread(): Promise<Finding[]> {
  const cluster = await RedisCluster.start();
  const { masters } = cluster;
  const nodes = cluster.ports.map((port) => ({ host: "127.0.0.1", port }));
  const client = new Cluster(nodes);
  const sessions = createSessions<Record<string, unknown>>({
    secretKey: "a secret key of the benchmark, long enough for all",
    store: redisStore(client),
    storage: "store",
    subject: "user",
    storeTimeout: 10,
  });
  const counts = await measure(masters, sessions).finally(async () => {
    client.disconnect();
    await cluster.close();
  });
  const all = counts.reduce((sum, count) => sum + count, 0);
  const rows = counts.map((count, i) => [
    `master ${i + 1}`,
    count.toLocaleString("en"),
    `${((count / all) * 100).toFixed(1)} %`,
  ]);
  printTable(
    `The commands of ${SESSIONS.toLocaleString("en")} users in a Cluster of three masters`,
    ["", "commands", "of all"],
    rows,
  );
  const shares = counts.map((count) => (count / all) * 100);
  const what = "of a Cluster's commands, the share of the master with the";
  return [
    {
      what: `${what} fewest`,
      unit: " %",
      atLeast: 25,
      rounds: [Math.min(...shares)],
      isExact: true,
    },
    { what: `${what} most`, unit: " %", atMost: 50, rounds: [Math.max(...shares)], isExact: true },
  ];
}

/** Logs users in, changes each session once, and ends every third. */
async function measure(masters: RedisCluster["masters"], sessions: Fleet): Promise<number[]> {
  for (const master of masters) master.ask("config", "resetstat");
  for (let i = 0; i < SESSIONS; i += 1) {
    const logIn = (session: object) => Object.assign(session, DATA, { user: `user-${i}` });
    const cookie = await request({ sessions }, "", logIn);
    const next = await request({ sessions }, cookie, (session) => (session["n"] = 1));
    if (i % 3 === 0) await request({ sessions }, next, (session) => destroy(session));
  }
  return masters.map((master) => commandsOf(master.ask("info", "commandstats")));
}

/** Commands that sessions send. What a script calls is counted with the script. */
function commandsOf(stats: string): number {
  const calls = [...stats.matchAll(/cmdstat_(?:get|mget|set|append|evalsha|eval):calls=(\d+)/g)];
  return calls.reduce((sum, [, count]) => sum + Number(count), 0);
}
