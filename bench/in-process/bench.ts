import { fileURLToPath } from "node:url";
import { atLeast, atMost, type Budget, times } from "../lib/budgets.ts";
import { run } from "../lib/children.ts";
import type { Options } from "../lib/options.ts";
import { short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import type { Kind } from "./contestant.ts";
import type { InProcessRow, Step } from "./main.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const STEPS: readonly Step[] = ["read", "write", "untouched", "tampered"];

/** Measures libraries without a server: from the Cookie header to the Set-Cookie. */
export async function benchInProcess({ node, quick }: Options): Promise<Budget[]> {
  // The collector works on the same thread, so that what a library allocates is its own cost.
  const flags = ["--import", "tsx", "--single-threaded-gc"];
  const output = await run([node, ...flags, MAIN, ...(quick ? ["--quick"] : [])], { core: 0 });
  const line = output.split("\n").find((each) => each.startsWith("RESULT "));
  const rows = JSON.parse(line?.slice(7) ?? "[]") as InProcessRow[];
  console.log("\n## In process: from the Cookie header to the Set-Cookie, nanoseconds");
  for (const kind of ["signed", "encrypted"]) {
    for (const bytes of [40, 1024]) {
      const group = rows.filter((row) => row.kind === kind && row.bytes === bytes);
      printGroup(`${kind}, ${bytes === 40 ? "40 bytes" : "1 kB"} of JSON`, group);
    }
  }
  console.log(
    "\nIn brackets: times the time of Galleta. A user's cookie comes again and again from one of 256 users;" +
      '\n"not seen lately": from one of 24,576, more than are remembered. Async libraries are awaited one by one.',
  );
  return budgetsOf(rows.filter(({ bytes }) => bytes === 40));
}

function budgetsOf(rows: readonly InProcessRow[]): Budget[] {
  const time = (kind: Kind, library: string, step: Step) =>
    rows.find((row) => row.kind === kind && row.name.startsWith(library))?.times[step] ??
    Number.NaN;
  const read = time("signed", "Galleta", "read");
  const iron = time("encrypted", "iron-session", "read") / time("encrypted", "Galleta", "read");
  const nanoseconds = (value: number) => `${short(value)} ns`;
  return [
    ...atMost(
      "read, against createHmac + JSON.parse",
      1,
      read / time("signed", "createHmac", "read"),
      times,
    ),
    ...atLeast(
      "read, faster than cookie-session",
      10,
      time("signed", "cookie-session", "read") / read,
      times,
    ),
    ...atLeast("encrypted read, faster than iron-session", 100, iron, times),
    ...atMost("untouched session", 50, time("signed", "Galleta", "untouched"), nanoseconds),
  ];
}

function printGroup(title: string, rows: readonly InProcessRow[]): void {
  const ours = rows[0]?.times;
  const cell = (row: InProcessRow, step: Step) => {
    const time = row.times[step];
    if (time === null) return "–";
    const base = ours?.[step];
    return row === rows[0] || base == null ? short(time) : `${short(time)} (${short(time / base)})`;
  };
  printTable(
    title,
    ["library", "version", "read", "read + write", "untouched", "tampered", "spread of read"],
    rows
      .filter((row) => row.failure === undefined)
      .map((row) => [
        row.name,
        row.version,
        ...STEPS.map((step) => cell(row, step)),
        `${Math.round(row.spread * 100)} %`,
      ]),
  );
  for (const row of rows) if (row.failure !== undefined) printSkipped(row.name, row.failure);
}
