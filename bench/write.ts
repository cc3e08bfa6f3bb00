// Runs everything and puts what it prints into README.md, as the last full run.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { start } from "./lib/children.ts";

const README = fileURLToPath(new URL("README.md", import.meta.url));
const HEADING = "## The last full run\n";

const run = fileURLToPath(new URL("run.ts", import.meta.url));
const child = start([process.execPath, "--import", "tsx", run, ...process.argv.slice(2)]);
let output = "";
for await (const chunk of child.stdout?.setEncoding("utf8") ?? []) {
  output += String(chunk);
  process.stdout.write(String(chunk));
}
const text = readFileSync(README, "utf8");
const head = text.slice(0, text.indexOf(HEADING) + HEADING.length);
// Its headings go two levels down, below this one.
writeFileSync(README, `${head}\n${output.replaceAll(/^#/gm, "###").trim()}\n`);
