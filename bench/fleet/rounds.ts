import { performance } from "node:perf_hooks";

/** Fewer rounds give no interval of confidence. */
const LEAST = 6;

/** How long a part of the bench may take. */
export interface Patience {
  /** Rounds are added until their time is over, at least six and at most so many. */
  readonly most: number;
  readonly seconds: number;
}

/**
 * Runs the same round again and again. The first warms up, and the caller must leave it out.
 *
 * @param round gets the number of the round; 0 warms up
 */
export async function repeat(
  { most, seconds }: Patience,
  round: (number: number) => Promise<void>,
): Promise<void> {
  const began = performance.now();
  for (let i = 0; i <= most; i += 1) {
    if (i > LEAST && performance.now() - began > seconds * 1000) return;
    await round(i);
  }
}
