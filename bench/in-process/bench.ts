import { writeFileSync } from "node:fs";
import { run } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import type { Options } from "../lib/options.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { FIGURES } from "../lib/tools.ts";
import { HERE } from "../lib/tree.ts";
import type { Kind } from "./contestant.ts";
import type { InProcessRow, Step } from "./main.ts";

const STEPS: readonly Step[] = ["read", "write", "untouched", "tampered"];

/** Measures libraries without a server: from the Cookie header to the Set-Cookie. */
export async function benchInProcess({ node, quick, all }: Options): Promise<Finding[]> {
  const rows = await measure(node, [...(quick ? ["--quick"] : []), ...(all ? ["--all"] : [])]);
  for (const kind of ["signed", "encrypted"]) {
    for (const bytes of [40, 1024]) {
      const group = rows.filter((row) => row.kind === kind && row.bytes === bytes);
      if (group.length > 0) printGroup(`${kind}, ${bytes === 40 ? "40 bytes" : "1 kB"}`, group);
    }
  }
  console.log(
    "\nA user's cookie comes again and again from one of 256 users; one that was not seen lately" +
      "\nfrom one of 24,576, more than are remembered. Async libraries are awaited one by one.",
  );
  const small = rows.filter(({ bytes }) => bytes === 40);
  writeFigures(small);
  return findingsOf(small);
}

async function measure(node: string, flags: readonly string[]): Promise<InProcessRow[]> {
  const rows: InProcessRow[] = [];
  for (const more of [[], ["--peers"]]) {
    const output = await run([...(await command(node)), ...flags, ...more], { core: 0 });
    const line = output.split("\n").find((each) => each.startsWith("RESULT "));
    rows.push(...(JSON.parse(line?.slice(7) ?? "[]") as InProcessRow[]));
  }
  return rows;
}

async function command(node: string): Promise<string[]> {
  // The collector works on the same thread, so that its work is counted for the library that
  // allocated.
  return [node, "--single-threaded-gc", await HERE.bundle("in-process/main.ts")];
}

/** Writes the figures for the README, which write.ts reads. */
function writeFigures(rows: readonly InProcessRow[]): void {
  const micros = ({ times }: InProcessRow) => median(times.read) / 1000;
  const figures = rows.map((row) => [`${row.name}, ${row.kind}`, micros(row)]);
  writeFileSync(FIGURES, JSON.stringify(Object.fromEntries(figures)));
}

const UNSEEN = "Galleta, cookie not seen lately";

function findingsOf(rows: readonly InProcessRow[]): Finding[] {
  const times = (kind: Kind, name: string, step: Step = "read") =>
    rows.find((row) => row.kind === kind && row.name === name)?.times[step] ?? [];
  const ratio = (mine: readonly number[], theirs: readonly number[]) =>
    mine.map((value, i) => value / (theirs[i] ?? Number.NaN));
  const hmac = times("signed", "createHmac of the same bytes + JSON.parse");
  const read = times("signed", "Galleta");
  return [
    {
      what: "a signed session read, of one `createHmac` and `JSON.parse`",
      unit: "x",
      atMost: 0.4,
      rounds: ratio(read, hmac),
    },
    {
      what: "the same, a cookie not seen lately",
      unit: "x",
      atMost: 1.2,
      rounds: ratio(times("signed", UNSEEN), hmac),
    },
    {
      what: "the same, 10,000 users at random over four processes, of 256 users in one",
      unit: "x",
      atMost: 1.2,
      rounds: ratio(times("signed", "Galleta, 10,000 users over four processes"), read),
    },
    {
      what: "an encrypted session read, a cookie not seen lately, of secure-session's read",
      unit: "x",
      atMost: 1,
      rounds: ratio(times("encrypted", UNSEEN), times("encrypted", "@fastify/secure-session")),
    },
    {
      what: "an untouched session",
      unit: " ns",
      atMost: 50,
      rounds: times("signed", "Galleta", "untouched"),
    },
  ];
}

function printGroup(title: string, rows: readonly InProcessRow[]): void {
  const cell = (row: InProcessRow, step: Step) => short(median(row.times[step]));
  printTable(
    `In process: processor time from the Cookie header to the Set-Cookie, ns; ${title} of JSON`,
    ["library", "version", "read", "read + write", "untouched", "tampered"],
    rows
      .filter((row) => row.failure === undefined)
      .map((row) => [row.name, row.version, ...STEPS.map((step) => cell(row, step))]),
  );
  for (const row of rows) if (row.failure !== undefined) printSkipped(row.name, row.failure);
}
