import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

/** How this run was asked for. */
export interface Options {
  /** About a minute instead of about ten: fewer rounds, shorter ones, fewer sockets. */
  readonly quick: boolean;
  /** Every server and library, not only those that decide. */
  readonly all: boolean;
  /** The commit that is compared with. */
  readonly compare: string | undefined;
  /** The sections to run. */
  readonly sections: readonly string[];
  /** The Node that runs every JavaScript server and the measurements in process. */
  readonly node: string;
}

const DECIDING = ["http", "in-process", "instructions", "start", "size"];
const SECTIONS = [...DECIDING, "websocket", "scale"];

// Budgets are set on Node 24; README.md says how to put it there.
const NODE_24 = fileURLToPath(
  new URL("../.cache/node24/node_modules/node/bin/node", import.meta.url),
);

/** Reads the command line. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      all: { type: "boolean" },
      compare: { type: "string" },
      node: { type: "string" },
    },
  });
  for (const name of positionals) {
    if (!SECTIONS.includes(name)) {
      throw new RangeError(`There is no section ${name}; there are ${SECTIONS.join(", ")}.`);
    }
  }
  return {
    quick: values.quick ?? false,
    all: values.all ?? false,
    compare: values.compare,
    sections: positionals.length > 0 ? positionals : values.all === true ? SECTIONS : DECIDING,
    node: values.node ?? (existsSync(NODE_24) ? NODE_24 : process.execPath),
  };
}
