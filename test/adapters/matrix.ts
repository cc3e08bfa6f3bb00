import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter } from "vitest/node";

interface Outcome {
  readonly column: string;
  readonly row: string;
  readonly passed: boolean;
}

/**
 * Prints what the conformance suites noted, adapter by case, when all have run. It stands before
 * Vitest's own reporter in the configuration, so that the failures are the last thing in a log.
 */
export class MatrixReporter implements Reporter {
  readonly #folder = mkdtempSync(join(tmpdir(), "galleta-matrix-"));
  readonly #file = join(this.#folder, "outcomes");

  constructor() {
    process.once("exit", () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  onTestRunStart(): void {
    writeFileSync(this.#file, "");
    process.env["GALLETA_MATRIX"] = this.#file;
  }

  onTestRunEnd(): void {
    const lines = readFileSync(this.#file, "utf8").split("\n").filter(Boolean);
    if (lines.length > 0) console.log(table(lines.map((line) => JSON.parse(line) as Outcome)));
  }
}

/** HTTP adapters, socket adapters and full-stack apps have rows of their own: each is a table. */
function table(outcomes: readonly Outcome[]): string {
  const kindOf = ({ row }: Outcome) => /^(?:socket|app):/.exec(row)?.[0];
  const kinds = [...new Set(outcomes.map(kindOf))];
  const of = (kind?: string) => outcomes.filter((one) => kindOf(one) === kind);
  return kinds.map((kind) => matrix(of(kind))).join("\n");
}

function matrix(outcomes: readonly Outcome[]): string {
  const columns = [...new Set(outcomes.map(({ column }) => column))].toSorted();
  const rows = [...new Set(outcomes.map(({ row }) => row))];
  const width = Math.max(...rows.map((row) => row.length));
  const cell = (row: string, column: string) => {
    const outcome = outcomes.find((one) => one.row === row && one.column === column);
    if (outcome === undefined) return "-";
    return outcome.passed ? "ok" : "FAIL";
  };
  const line = (head: string, cells: readonly string[]) =>
    [head.padEnd(width), ...cells.map((text, at) => text.padEnd(columns[at]!.length))].join("  ");
  return [
    "",
    line("", columns),
    ...rows.map((row) =>
      line(
        row,
        columns.map((column) => cell(row, column)),
      ),
    ),
    "",
  ].join("\n");
}
