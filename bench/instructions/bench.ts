import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { has, run } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import type { Options } from "../lib/options.ts";
import { short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { HERE, type Tree } from "../lib/tree.ts";

/** Valgrind's count for one row. */
export interface Counted {
  readonly name: string;
  readonly kind: string;
  readonly step: string;
  /** Instructions of one request, without those in the kernel. */
  readonly instructions: number;
}

/**
 * With these flags V8 compiles on the main thread, always at the same moments, and uses one hash
 * seed. Two runs then differ by less than one percent, whatever the load of the machine.
 */
const FLAGS = ["--single-threaded", "--predictable", "--hash-seed=1", "--random-seed=1"];

/** Counts the instructions of in-process rows. */
export async function benchInstructions({ node }: Options): Promise<Finding[]> {
  if (!has("valgrind")) {
    printSkipped("instructions", "It needs Debian's valgrind.");
    return [];
  }
  const rows = await countInstructions(node, HERE, "instructions/main.ts");
  printTable(
    "Instructions of one request in process, counted by valgrind; the same twice within 1 %",
    ["library", "kind", "request", "instructions"],
    rows.map(({ name, kind, step, instructions }) => [name, kind, step, short(instructions)]),
  );
  return [];
}

/**
 * Runs a script under valgrind and returns its rows.
 *
 * @param tree the repository with the packages to measure
 * @param file relative to bench/
 */
export async function countInstructions(
  node: string,
  tree: Tree,
  file: string,
): Promise<Counted[]> {
  const folder = mkdtempSync(join(tmpdir(), "galleta-callgrind-"));
  const out = join(folder, "out");
  try {
    const valgrind = ["valgrind", "-q", "--tool=callgrind", "--smc-check=all-non-file"];
    const dumps = [`--callgrind-out-file=${out}`, "--dump-before=node::Umask*"];
    const script = await tree.bundle(file);
    // The positions in the runtime's hash tables depend on addresses.
    const fixed = ["setarch", "-R"];
    const output = await run([...fixed, ...valgrind, ...dumps, node, ...FLAGS, script]);
    const rows = output.split("\n").filter((line) => line.startsWith("ROW "));
    let dump = 0;
    return rows.map((line) => {
      const { count, windows, ...row } = JSON.parse(line.slice(4)) as Counted & Windows;
      // The first dump of a row holds its warm-up.
      dump += 1;
      const totals = Array.from({ length: windows }, () => totalOf(`${out}.${(dump += 1)}`));
      // In the other windows V8 still compiles.
      return { ...row, instructions: Math.min(...totals) / count };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The counts that main.ts reports for a row. */
interface Windows {
  readonly windows: number;
  readonly count: number;
}

function totalOf(file: string): number {
  return Number(/^totals: (\d+)/m.exec(readFileSync(file, "utf8"))?.[1]);
}
