import { estimate, short } from "./stats.ts";
import { printTable } from "./table.ts";

/** One row of the results: a measurement and its goal. */
export interface Finding {
  readonly what: string;
  /** The text after each number: "x", " µs". */
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** One value for each round: a ratio or cost of a pair that was measured together. */
  readonly rounds: readonly number[];
  /** True if every run gives the same value, so that one value is enough. */
  readonly isExact?: boolean;
}

export type Verdict = "inside" | "over" | "undecided" | "";

/** Decides if a goal is met; "undecided" if the goal lies within the confidence interval. */
export function judge(finding: Finding): Verdict {
  const { atMost, atLeast } = finding;
  const { low, high } = boundsOf(finding);
  if (atMost !== undefined) return high <= atMost ? "inside" : low > atMost ? "over" : "undecided";
  if (atLeast !== undefined)
    return low >= atLeast ? "inside" : high < atLeast ? "over" : "undecided";
  return "";
}

function boundsOf({ rounds, isExact = false }: Finding) {
  const [first = Number.NaN] = rounds;
  return isExact ? { median: first, low: first, high: first } : estimate(rounds);
}

/** Prints findings that have a value. */
export function printFindings(title: string, findings: readonly Finding[]): void {
  const rows = findings.filter(({ rounds }) => rounds.some(Number.isFinite)).map(rowOf);
  if (rows.length > 0)
    printTable(title, ["", "measured", "95 % interval", "goal", "verdict"], rows);
}

function rowOf(finding: Finding): string[] {
  const { what, unit, atMost, atLeast, isExact = false } = finding;
  const { median, low, high } = boundsOf(finding);
  const isBounded = Number.isFinite(low) && Number.isFinite(high);
  const interval = isBounded ? `${short(low)} to ${short(high)}` : "too few rounds";
  const goal =
    atMost === undefined
      ? atLeast === undefined
        ? ""
        : `at least ${short(atLeast)}${unit}`
      : `at most ${short(atMost)}${unit}`;
  return [what, `${short(median)}${unit}`, isExact ? "exact" : interval, goal, judge(finding)];
}
