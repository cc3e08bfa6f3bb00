import { killAll } from "./lib/children.ts";
import { compareWith } from "./lib/compare.ts";
import { type Finding, printFindings } from "./lib/findings.ts";
import { commandVersion, describeMachine } from "./lib/machine.ts";
import { readOptions, type Options } from "./lib/options.ts";
import { printSkipped } from "./lib/table.ts";
import { benchHttp } from "./http/bench.ts";
import { benchInProcess } from "./in-process/bench.ts";
import { benchInstructions } from "./instructions/bench.ts";
import { benchScale } from "./scale/bench.ts";
import { benchSize } from "./size/bench.ts";
import { benchStart } from "./start/bench.ts";
import { benchWebSocket } from "./websocket/bench.ts";

/** After this many minutes a run is stopped, even if it hangs. */
const PATIENCE = 40;

const sections: Readonly<Record<string, (options: Options) => Promise<Finding[]>>> = {
  http: benchHttp,
  "in-process": benchInProcess,
  instructions: benchInstructions,
  start: benchStart,
  size: benchSize,
  websocket: benchWebSocket,
  scale: benchScale,
};

const options = readOptions(process.argv.slice(2));
const began = Date.now();
console.log(
  `# Galleta, measured on ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC\n`,
);
console.log(`Machine: ${describeMachine()}.`);
console.log(
  `Node ${commandVersion([options.node, "--version"])}${options.quick ? ", quick pass" : ""}.`,
);
const findings: Finding[] = [];
const guard = setTimeout(() => {
  printSkipped("the rest", `It took more than ${PATIENCE} minutes.`);
  finish();
  // Exiting also stops the children.
  process.exit(1);
}, PATIENCE * 60_000);
if (options.compare === undefined) for (const name of options.sections) await runSection(name);
else await compareWith(options.compare, options);
clearTimeout(guard);
finish();

async function runSection(name: string): Promise<void> {
  try {
    findings.push(...((await sections[name]?.(options)) ?? []));
  } catch (error) {
    printSkipped(`the rest of ${name}`, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    killAll();
  }
}

function finish(): void {
  printFindings("Verdicts", findings);
  console.log(`\nDone in ${Math.round((Date.now() - began) / 1000)} s.`);
}
