// npm run fleet [-- --quick] [idle | peers | growth | cold-start]: measures the cost of a process
// next to a busy fleet, and the load of Redis compared with connect-redis. Each starts its own
// redis-server.
import { benchColdStart } from "./cold-start.ts";
import { benchGrowth } from "./growth.ts";
import { benchIdle } from "./idle.ts";
import { benchPeers } from "./peers.ts";

const BENCHES = {
  idle: benchIdle,
  peers: benchPeers,
  growth: benchGrowth,
  "cold-start": benchColdStart,
};
const args = process.argv.slice(2);
const quick = args.includes("--quick");
const wanted = args.filter((name) => name !== "--quick");
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench({ quick });
}
process.exit(0);
