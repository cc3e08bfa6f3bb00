type Step = (i: number) => unknown;

/** Returns milliseconds of processor time, because on a busy machine a batch waits for its core. */
async function batch(step: Step, count: number, from: number): Promise<number> {
  const began = process.cpuUsage();
  const first = step(from);
  if (first instanceof Promise) {
    await first;
    for (let i = 1; i < count; i += 1) await step(from + i);
  } else {
    for (let i = 1; i < count; i += 1) step(from + i);
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** Steps before the measurement: each of 10,000 users meets each of four processes three times. */
const WARM_UP = 150_000;

/** One thing to measure. */
export interface Subject {
  readonly step: Step;
}

/**
 * Measures all subjects in alternating rounds, so that a disturbance affects all of them alike.
 *
 * @param rounds how many rounds count, after one to warm up
 * @param batchMs milliseconds for each subject in each round
 * @returns nanoseconds of one step, one value for each round
 */
export async function measure(
  subjects: readonly Subject[],
  rounds: number,
  batchMs: number,
): Promise<number[][]> {
  const runs = await Promise.all(
    subjects.map(async ({ step }) => ({ step, count: 1, next: 0, times: [] as number[] })),
  );
  for (const run of runs) {
    // The count limits the warm-up, not only the time. Before, a disturbed first batch could end it
    // after some 60 steps: no user came back, no cookie was cached, and 0.8 µs became 47.7.
    for (let took = 0; run.next < WARM_UP && took < batchMs * 30; run.next += 100) {
      took += await batch(run.step, 100, run.next);
    }
    for (let took = 0; took < batchMs;) {
      took = await batch(run.step, run.count, run.next);
      run.next += run.count;
      if (took < batchMs)
        run.count = Math.ceil(run.count * Math.min(8, (batchMs * 1.2) / Math.max(took, 0.01)));
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const run of runs) {
      const took = await batch(run.step, run.count, run.next);
      run.next += run.count;
      run.times.push((took * 1e6) / run.count);
    }
  }
  return runs.map(({ times }) => times);
}
