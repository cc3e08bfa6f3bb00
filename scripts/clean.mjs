// Removes what an earlier build made. A file of a source that was deleted since would be published.
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../packages/", import.meta.url));
for (const name of readdirSync(packages)) {
  rmSync(`${packages}${name}/dist`, { recursive: true, force: true });
}
