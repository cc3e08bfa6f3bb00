// npm run fleet [-- idle | peers | growth | cold-start | spread]: measures the cost of a process next to
// a busy fleet, and the load of Redis compared with connect-redis. Each starts its own redis-server. All
// together take less than ten minutes.
import { killAll } from "../lib/children.ts";
import { printFindings, type Finding } from "../lib/findings.ts";
import { commandVersion, describeMachine } from "../lib/machine.ts";
import { benchColdStart } from "./cold-start.ts";
import { benchGrowth } from "./growth.ts";
import { benchIdle } from "./idle.ts";
import { benchPeers } from "./peers.ts";
import { benchSpread } from "./spread.ts";

const BENCHES: Readonly<Record<string, () => Promise<Finding[]>>> = {
  idle: benchIdle,
  peers: benchPeers,
  growth: benchGrowth,
  "cold-start": benchColdStart,
  spread: benchSpread,
};
const wanted = process.argv.slice(2);
const began = Date.now();
const program = process.env["REDIS_SERVER"] ?? "redis-server";
console.log(`Machine: ${describeMachine()}.`);
console.log(`Node ${process.versions.node}, Redis ${commandVersion([program, "--version"])}.`);
const findings: Finding[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) findings.push(...(await bench()));
}
printFindings("Against the goals", findings);
console.log(`\nDone in ${Math.round((Date.now() - began) / 1000)} s.`);
killAll();
process.exit(0);
