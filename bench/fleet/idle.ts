import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { short } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { DATA, FleetProcess, open, request } from "./process.ts";
import { MeasuredRedis } from "./redis.ts";

/** Measures the cost of a process that serves nothing, while others change sessions. */
export async function benchIdle({ quick }: { quick: boolean }): Promise<void> {
  const redis = await MeasuredRedis.start();
  const busy = open(redis.url);
  const cookies = await Promise.all(
    Array.from({ length: 200 }, () => request(busy, "", (session) => Object.assign(session, DATA))),
  );
  const rows: string[][] = [];
  let n = 0;
  for (const rate of [0, 100, 1000, 5000]) {
    const idle = await FleetProcess.open(redis.url);
    await sleep(500);
    const before = await idle.usage();
    const began = performance.now();
    let made = 0;
    while (performance.now() - began < (quick ? 2000 : 5000)) {
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
    const percent = `${(used * 100).toFixed(2)} %`;
    rows.push([`${rate}`, short(made / seconds), percent, `${short(got)} B/s`]);
    await idle.stop();
  }
  busy.client.disconnect();
  await redis.stop();
  printTable(
    "An idle process",
    ["wanted changes/s", "made/s", "CPU of an idle process", "network in"],
    rows,
  );
}
