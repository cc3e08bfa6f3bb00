import type { Finding } from "../lib/findings.ts";
import { median } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { FleetProcess } from "./process.ts";
import { MeasuredRedis } from "./redis.ts";
import { repeat } from "./rounds.ts";

interface Fleet {
  readonly redis: MeasuredRedis;
  readonly processes: readonly FleetProcess[];
  readonly costs: { readonly redis: number; readonly process: number }[];
}

const SIZES = [1, 2, 4, 8];
/**
 * Changes of each process in one round. With fewer, the processes of a large fleet would be
 * measured before they are warm.
 */
const EACH = 400;

/** Measures a read and a change while the fleet grows. Each process serves its own users. */
export async function benchGrowth(): Promise<Finding[]> {
  const fleets: Fleet[] = [];
  for (const size of SIZES) {
    const redis = await MeasuredRedis.start();
    const opened = Array.from({ length: size }, () => FleetProcess.open(redis.url));
    fleets.push({ redis, processes: await Promise.all(opened), costs: [] });
  }
  await repeat({ most: 9, seconds: 90 }, async (round) => {
    for (const fleet of fleets) {
      const cost = await measure(fleet);
      if (round > 0) fleet.costs.push(cost);
    }
  });
  const of = (pick: "redis" | "process") =>
    fleets.map(({ costs }) => costs.map((one) => one[pick]));
  const rows = [
    ["Redis", ...row(of("redis"))],
    ["the processes", ...row(of("process"))],
  ];
  printTable(
    "What a read and a change cost in a growing fleet, us of CPU",
    [
      "who pays",
      ...SIZES.map((n) => `N = ${n}`),
      "more for each process",
      "50, at most",
      "200, at most",
    ],
    rows,
  );
  await Promise.all(
    fleets.flatMap(({ redis, processes }) => [redis, ...processes].map((one) => one.stop())),
  );
  return [];
}

/** One after the other, so that the number of simultaneous commands does not depend on the size. */
async function measure({ redis, processes }: Fleet) {
  const usages = () => Promise.all(processes.map((one) => one.usage()));
  const [spent, redisSpent] = [await usages(), await redis.cpu()];
  for (const one of processes) await one.work(EACH);
  // All processes, because the changes of one could cost the others time.
  const [used, redisUsed] = [await usages(), await redis.cpu()];
  const cpu = used.reduce((sum, one, i) => sum + one.cpu - spent[i]!.cpu, 0);
  const perChange = (seconds: number) => (seconds / (EACH * processes.length)) * 1e6;
  return { redis: perChange(redisUsed - redisSpent), process: perChange(cpu) };
}

/** The last cells are computed with the upper end of the slope's interval, and without a decline. */
function row(costs: readonly (readonly number[])[]): string[] {
  const { slope, error, at } = fit(costs.flatMap((list, i) => list.map((y) => [SIZES[i]!, y])));
  const most = Math.max(slope + 2 * error, 0);
  return [
    ...costs.map((list) => median(list).toFixed(1)),
    `${slope.toFixed(2)} ± ${(2 * error).toFixed(2)}`,
    at(50, most).toFixed(0),
    at(200, most).toFixed(0),
  ];
}

/** Fits a straight line by least squares, and computes the standard error of its slope. */
function fit(points: readonly (readonly number[])[]) {
  const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [mx, my] = [mean(points.map(([x]) => x!)), mean(points.map(([, y]) => y!))];
  const spread = points.reduce((sum, [x]) => sum + (x! - mx) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x! - mx) * (y! - my), 0) / spread;
  const at = (x: number, rise: number) => my + rise * (x - mx);
  const rest = points.reduce((sum, [x, y]) => sum + (y! - at(x!, slope)) ** 2, 0);
  return { slope, at, error: Math.sqrt(rest / (points.length - 2) / spread) };
}
