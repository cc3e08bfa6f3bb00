import { appendFileSync } from "node:fs";
import { afterEach } from "vitest";

/** Writes a line for each test that ran. The global set-up prints all of them as a matrix. */
export function noteOutcomes(column: string): void {
  afterEach(({ task }) => {
    const file = process.env["GALLETA_MATRIX"];
    if (file === undefined) return;
    const passed = task.result?.state !== "fail" && (task.result?.errors?.length ?? 0) === 0;
    appendFileSync(file, `${JSON.stringify({ column, row: task.name, passed })}\n`);
  });
}
