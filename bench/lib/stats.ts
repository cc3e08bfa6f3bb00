/** The middle of a list of numbers; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** A median, and the bounds of its 95 % confidence interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Estimates a median from rounds, and how far it can be trusted.
 *
 * The interval runs between two of the measured values, chosen by their rank. That it holds the
 * true median in 95 of 100 runs follows from counting alone, whatever the noise looks like; the
 * price is that fewer than 6 rounds give no bounds.
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = rankOf(sorted.length);
  return {
    median: median(sorted),
    low: sorted[rank - 1] ?? Number.NEGATIVE_INFINITY,
    high: sorted[sorted.length - rank] ?? Number.POSITIVE_INFINITY,
  };
}

/** The largest rank whose two tails hold at most 5 % together; 0 where none does. */
function rankOf(count: number): number {
  let rank = 0;
  let ways = 1;
  for (let tail = 2 ** -count; tail <= 0.025; tail += ways * 2 ** -count) {
    rank += 1;
    ways = (ways * (count - rank + 1)) / rank;
  }
  return rank;
}

/** A number for people: three significant digits, with separators. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
