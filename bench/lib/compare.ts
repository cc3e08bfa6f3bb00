import { measureRows, WARM_UP } from "../http/measure.ts";
import { DECIDING, FLEET_ROWS, SERVERS } from "../http/rows.ts";
import { countInstructions } from "../instructions/bench.ts";
import { has } from "./children.ts";
import type { Options } from "./options.ts";
import { estimate, median, short } from "./stats.ts";
import { printTable } from "./table.ts";
import { checkOut, HERE } from "./tree.ts";

/** Prints the effect of a change: our rows of this tree next to those of another commit. */
export async function compareWith(commit: string, options: Options): Promise<void> {
  const before = checkOut(commit);
  if (options.sections.includes("instructions") && has("valgrind")) {
    const [old, now] = [
      await countInstructions(options.node, before, "instructions/main.ts"),
      await countInstructions(options.node, HERE, "instructions/main.ts"),
    ];
    printTable(
      `Instructions of one request in process, ${commit} and now`,
      ["", "before", "now", "change"],
      now
        .filter(({ name }) => name.startsWith("Galleta"))
        .map(({ name, kind, step, instructions }) => {
          const same = old.find(
            (row) => row.name === name && row.kind === kind && row.step === step,
          );
          const was = same?.instructions ?? Number.NaN;
          const change = `${((instructions / was - 1) * 100).toFixed(1)} %`;
          return [`${name}, ${kind}, ${step}`, short(was), short(instructions), change];
        }),
    );
  }
  if (!options.sections.includes("http")) return;
  const rows = [...DECIDING, ...FLEET_ROWS].filter(({ server }) => {
    const { mode = "off", file = "" } = SERVERS[server] ?? {};
    return !file.endsWith(".py") && (mode === "signed" || mode === "encrypted");
  });
  const effort = options.quick
    ? { rounds: 2, requests: 1000, warmUp: 1000 }
    : { rounds: 9, requests: 4000, warmUp: WARM_UP };
  const subjects = rows.flatMap((row) => [before, HERE].map((tree) => ({ row, tree })));
  const costs = await measureRows(options.node, subjects, effort);
  printTable(
    `In a server: processor time of one request, µs, ${commit} and now`,
    ["server", "request", "before", "now", "now / before", "95 % interval", ""],
    rows.map(({ server, path, users, processes }, i) => {
      const [was = [], is = []] = [costs[i * 2], costs[i * 2 + 1]];
      const ratio = estimate(is.map((cost, round) => cost / (was[round] ?? Number.NaN)));
      const verdict = ratio.high < 1 ? "cheaper" : ratio.low > 1 ? "dearer" : "no difference shown";
      return [
        server,
        `${path}, ${users} users, ${processes}`,
        short(median(was)),
        short(median(is)),
        short(ratio.median),
        `${short(ratio.low)} to ${short(ratio.high)}`,
        verdict,
      ];
    }),
  );
}
