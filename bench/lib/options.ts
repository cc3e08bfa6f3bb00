import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

/** The options of this run. */
export interface Options {
  /** Takes about a minute instead of about ten, with fewer and shorter rounds and fewer sockets. */
  readonly quick: boolean;
  /** Measures every server and library, not only those for the verdicts. */
  readonly all: boolean;
  /** The commit to compare with. */
  readonly compare: string | undefined;
  /** The names of the sections to run. */
  readonly sections: readonly string[];
  /** The Node for every JavaScript server and for the in-process measurements. */
  readonly node: string;
}

const DECIDING = ["http", "in-process", "instructions", "start", "size"];
const SECTIONS = [...DECIDING, "websocket", "scale"];

// The budgets are set for Node 24. README.md explains how to install it there.
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
