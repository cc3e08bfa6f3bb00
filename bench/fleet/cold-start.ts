import type { Finding } from "../lib/findings.ts";
import { median } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { DATA, FleetProcess, open, request, type Start } from "./process.ts";
import { MeasuredRedis } from "./redis.ts";
import { repeat } from "./rounds.ts";

interface Case {
  readonly count: number;
  readonly redis: MeasuredRedis;
  readonly cookie: string;
  readonly starts: (Start & { readonly commands: number })[];
}

async function prepare(count: number): Promise<Case> {
  const redis = await MeasuredRedis.start();
  const busy = open(redis.url);
  const cookie = await request(busy, "", (session) => Object.assign(session, DATA));
  for (let ended = 0; ended < count;) {
    const pipeline = busy.client.pipeline();
    const end = Math.min(count, ended + 10_000);
    for (; ended < end; ended += 1) {
      pipeline.set(`galleta:{end-${ended}-of-a-session}:e`, "0000009999999999", "EX", 1_209_600);
    }
    await pipeline.exec();
  }
  busy.client.disconnect();
  return { count, redis, cookie, starts: [] };
}

/**
 * Measures the first request of a new process, in alternating rounds with and without ended
 * sessions in the store.
 */
export async function benchColdStart(): Promise<Finding[]> {
  const cases: Case[] = [];
  for (const count of [0, 10_000, 100_000, 1_000_000]) cases.push(await prepare(count));
  await repeat({ most: 15, seconds: 60 }, async (round) => {
    for (const { redis, cookie, starts } of cases) {
      await redis.client.config("RESETSTAT");
      const made = await FleetProcess.open(redis.url, cookie);
      if (round > 0) starts.push({ ...made.start, commands: await redis.commands() });
      await made.stop();
    }
  });
  await Promise.all(cases.map(({ redis }) => redis.stop()));
  const none = cases[0]!.starts;
  const rows = cases.map(({ count, starts }) => [
    count.toLocaleString("en"),
    `${median(starts.map(({ commands }) => commands))}`,
    `${median(starts.map(({ cpu }) => cpu)).toFixed(1)} ms`,
    count === 0 ? "" : `${median(more(starts, none, "cpu")).toFixed(1)} ms`,
    `${(median(starts.map(({ heap }) => heap)) / 1e6).toFixed(2)} MB`,
  ]);
  printTable(
    "A cold start: from createSessions to the first answer",
    ["ended sessions", "commands", "CPU", "more than beside none, by rounds", "heap"],
    rows,
  );
  const million = cases.at(-1)!.starts;
  const what = "a cold start beside 1,000,000 ended sessions: more";
  return [
    {
      what: `${what} CPU than beside none`,
      unit: " ms",
      atMost: 50,
      rounds: more(million, none, "cpu"),
    },
    {
      what: `${what} heap than beside none`,
      unit: " kB",
      atMost: 100,
      rounds: more(million, none, "heap").map((bytes) => bytes / 1000),
    },
  ];
}

function more(starts: readonly Start[], none: readonly Start[], of: keyof Start): number[] {
  return starts.map((start, i) => start[of] - none[i]![of]);
}
