// Runs the benchmark. Writes its output and the README's figures into the pages.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { start } from "./lib/children.ts";
import { short } from "./lib/stats.ts";
import { FIGURES } from "./lib/tools.ts";

const PAGE = fileURLToPath(new URL("README.md", import.meta.url));
const README = fileURLToPath(new URL("../README.md", import.meta.url));
const HEADING = "## The last full run\n";
const NOTE =
  "[NOTES.md](NOTES.md#rows-over-their-goal-and-where-their-time-goes) shows where the time of the rows over their goal goes.";
const NEXT = "\n## Fleet\n";

// Left by an earlier run.
rmSync(FIGURES, { force: true });
const run = fileURLToPath(new URL("run.ts", import.meta.url));
const child = start([process.execPath, "--import", "tsx", run, ...process.argv.slice(2)]);
let output = "";
for await (const chunk of child.stdout?.setEncoding("utf8") ?? []) {
  output += String(chunk);
  process.stdout.write(String(chunk));
}
const text = readFileSync(PAGE, "utf8");
const head = text.slice(0, text.indexOf(HEADING) + HEADING.length);
const tail = text.includes(NEXT) ? text.slice(text.indexOf(NEXT)) : "";
// Moves the headings two levels down.
writeFileSync(PAGE, `${head}\n${NOTE}\n\n${output.replaceAll(/^#/gm, "###").trim()}\n${tail}`);

// Without the section "in-process" there are none.
if (existsSync(FIGURES)) writeFigures();

function writeFigures(): void {
  const figures = JSON.parse(readFileSync(FIGURES, "utf8")) as Record<string, number>;
  const figure = (name: string) => short(Number((figures[name] ?? Number.NaN).toPrecision(2)));
  const row =
    `| a read, [measured](bench/README.md), in µs | ${figure("Galleta, signed")}; ${figure("Galleta, cookie not seen lately, signed")} the first time ` +
    `| ${figure("express-session (memory), signed")}, in memory | ${figure("iron-session, encrypted")}, encrypted | ${figure("jose (JWT), signed")}, signed, by jose |`;
  const readme = readFileSync(README, "utf8");
  writeFileSync(README, readme.replace(/^\| a read, \[measured\].*$/m, row));
}
