import { loadavg } from "node:os";
import { type Budget, printBudgets } from "./lib/budgets.ts";
import { killAll } from "./lib/children.ts";
import { commandVersion, describeMachine } from "./lib/machine.ts";
import { readOptions, type Options } from "./lib/options.ts";
import { printSkipped } from "./lib/table.ts";
import { benchHttp } from "./http/bench.ts";
import { benchInProcess } from "./in-process/bench.ts";
import { benchScale } from "./scale/bench.ts";
import { benchWebSocket } from "./websocket/bench.ts";

/** Minutes after which a run is cut off, whatever it hangs on. */
const PATIENCE = 15;

const sections: Readonly<Record<string, (options: Options) => Promise<Budget[]>>> = {
  "in-process": benchInProcess,
  http: benchHttp,
  websocket: benchWebSocket,
  scale: benchScale,
};

const options = readOptions(process.argv.slice(2));
const began = Date.now();
const [load = 0] = loadavg();
console.log(
  `# Galleta, measured on ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC\n`,
);
console.log(`Machine: ${describeMachine()}.`);
console.log(
  `Node ${commandVersion([options.node, "--version"])}${options.quick ? ", quick pass" : ""}.`,
);
const budgets: Budget[] = [];
const guard = setTimeout(() => {
  printSkipped("the rest", `It took more than ${PATIENCE} minutes.`);
  finish();
  // The children go with it.
  process.exit(1);
}, PATIENCE * 60_000);
for (const name of options.sections) {
  const section = sections[name];
  try {
    budgets.push(...((await section?.(options)) ?? []));
  } catch (error) {
    printSkipped(`the rest of ${name}`, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    killAll();
  }
}
clearTimeout(guard);
finish();

function finish(): void {
  printBudgets(budgets, load);
  console.log(`\nDone in ${Math.round((Date.now() - began) / 1000)} s.`);
}
