import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../lib/findings.ts";
import { median, short } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { DATA, FleetProcess, open, request } from "./process.ts";
import { MeasuredRedis } from "./redis.ts";
import { repeat } from "./rounds.ts";

const RATES = [0, 100, 1000, 5000];
/** How many changes run at the same time, each of another session. */
const AT_ONCE = 200;

interface Window {
  /** Changes per second that were made. */
  readonly made: number;
  /** Percent of a core that the idle process used. */
  readonly cpu: number;
  /** Bytes per second that it received. */
  readonly bytes: number;
}

/** Measures the cost of a process that serves nothing, while others change sessions. */
export async function benchIdle(): Promise<Finding[]> {
  const redis = await MeasuredRedis.start();
  const busy = open(redis.url);
  const logIn = () => request(busy, "", (session) => Object.assign(session, DATA));
  const cookies = await Promise.all(Array.from({ length: AT_ONCE }, logIn));
  const idle = await FleetProcess.open(redis.url);
  let n = 0;
  const change = async (count: number) => {
    const some = cookies.slice(0, count).map(async (cookie, i) => {
      cookies[i] = await request(busy, cookie, (session) => (session["n"] = n += 1));
    });
    await Promise.all(some);
  };
  const windows = RATES.map((): Window[] => []);
  await repeat({ most: 9, seconds: 60 }, async (round) => {
    for (const [i, rate] of RATES.entries()) {
      const seen = await watch(idle, rate, change);
      if (round > 0) windows[i]?.push(seen);
    }
  });
  busy.client.disconnect();
  await idle.stop();
  await redis.stop();
  const rows = RATES.map((rate, i) => {
    const of = (pick: keyof Window) => median(windows[i]!.map((one) => one[pick]));
    return [`${rate}`, short(of("made")), `${of("cpu").toFixed(3)} %`, `${short(of("bytes"))} B/s`];
  });
  printTable(
    "A process that serves nothing, beside others",
    ["wanted changes/s", "made/s", "its CPU", "its network in"],
    rows,
  );
  const [none = [], ...others] = windows;
  const most = others.at(-1) ?? [];
  const made = short(median(most.map((one) => one.made)));
  return [
    {
      what: `an idle process beside ${made} changes/s: more CPU than beside none`,
      unit: " %",
      atMost: 1,
      rounds: most.map(({ cpu }, i) => cpu - none[i]!.cpu),
    },
    {
      what: `an idle process beside ${made} changes/s: network in`,
      unit: " B/s",
      atMost: 2000,
      rounds: most.map(({ bytes }) => bytes),
    },
  ];
}

/** Makes changes at a rate for two seconds, or as many as the machine can. */
async function watch(
  idle: FleetProcess,
  rate: number,
  change: (count: number) => Promise<void>,
): Promise<Window> {
  const before = await idle.usage();
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let made = 0;
  while (elapsed() < 2) {
    const due = Math.min(AT_ONCE, Math.floor(elapsed() * rate) - made);
    if (due > 0) await change(due);
    else await sleep(5);
    made += Math.max(due, 0);
  }
  const seconds = elapsed();
  const after = await idle.usage();
  return {
    made: made / seconds,
    cpu: ((after.cpu - before.cpu) / seconds) * 100,
    bytes: (after.bytes - before.bytes) / seconds,
  };
}
