import { short } from "./stats.ts";
import { printTable } from "./table.ts";

/** One of the project's budgets, and what this run measured. */
export interface Budget {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly isInside: boolean;
}

/** How a number is written: `short`, or as a share in percent. */
type Format = (value: number) => string;

/** Writes 0.148 as "14.8 %". */
export const percent: Format = (share) => `${(share * 100).toFixed(1)} %`;

/** Writes 4.2 as "4.2x". */
export const times: Format = (ratio) => `${short(ratio)}x`;

/** A budget that is kept from below. None where nothing was measured. */
export function atMost(what: string, most: number, value: number, format: Format): Budget[] {
  return of(what, `at most ${format(most)}`, value, value <= most, format);
}

/** A budget that is kept from above. None where nothing was measured. */
export function atLeast(what: string, least: number, value: number, format: Format): Budget[] {
  return of(what, `at least ${format(least)}`, value, value >= least, format);
}

function of(what: string, budget: string, value: number, isInside: boolean, format: Format) {
  return Number.isFinite(value) ? [{ what, budget, measured: format(value), isInside }] : [];
}

/** From here on something else took its part of the two cores that a run wants for itself. */
const BUSY = 0.5;

/**
 * Prints the summary at the end of a run.
 *
 * @param load of the machine before the run began
 */
export function printBudgets(budgets: readonly Budget[], load: number): void {
  if (budgets.length === 0) return;
  console.log("\n## Budgets");
  if (load > BUSY) {
    console.log("\nThe machine was busy when this run began: its ratios are worth little.");
  }
  printTable(
    "What this run measured of them",
    ["budget", "is", "measured", ""],
    budgets.map(({ what, budget, measured, isInside }) => [
      what,
      budget,
      measured,
      isInside ? "inside" : "over",
    ]),
  );
}
