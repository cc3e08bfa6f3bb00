import { countInstructions } from "../instructions/bench.ts";
import { has } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import type { Options } from "../lib/options.ts";
import { short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { HERE } from "../lib/tree.ts";
import { FRAMEWORKS } from "../http/rows.ts";

/**
 * Counts the instructions that a session adds to a request of each framework, from the `request`
 * event of its server to the end of the response. The kernel and the parser take no part.
 */
export async function benchAdapters({ node }: Options): Promise<Finding[]> {
  if (!has("valgrind")) {
    printSkipped("adapters", "It needs Debian's valgrind.");
    return [];
  }
  const count = async (mode: string, name: string, path: string) => {
    const rows = await countInstructions(node, HERE, "adapters/main.ts", [mode, name, path]);
    return rows[0]?.instructions ?? Number.NaN;
  };
  const peer =
    (await count("secure-session", "Fastify", "/write")) -
    (await count("off", "Fastify", "/plain"));
  const rows: string[][] = [["Fastify", "secure-session", "", short(peer), "1"]];
  for (const name of Object.keys(FRAMEWORKS)) {
    const bare = await count("off", name, "/plain");
    for (const mode of ["signed", "encrypted"]) {
      const added = (await count(mode, name, "/write")) - bare;
      rows.push([name, mode, short(bare), short(added), short(added / peer)]);
    }
  }
  printTable(
    "Instructions that a read and a write of a session add to a request",
    ["framework", "sessions", "without", "added", "of secure-session"],
    rows,
  );
  return [];
}
