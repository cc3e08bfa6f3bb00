import { killAll } from "./lib/children.ts";
import { commandVersion, describeMachine } from "./lib/machine.ts";
import { readOptions, type Options } from "./lib/options.ts";
import { printSkipped } from "./lib/table.ts";
import { benchHttp } from "./http/bench.ts";
import { benchInProcess } from "./in-process/bench.ts";
import { benchScale } from "./scale/bench.ts";
import { benchWebSocket } from "./websocket/bench.ts";

const sections: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  "in-process": benchInProcess,
  http: benchHttp,
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
for (const name of options.sections) {
  const section = sections[name];
  try {
    await section?.(options);
  } catch (error) {
    printSkipped(`the rest of ${name}`, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    killAll();
  }
}
console.log(`\nDone in ${Math.round((Date.now() - began) / 1000)} s.`);
