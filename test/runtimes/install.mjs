// Installs the runtimes of package.json here, apart from the workspace (about 1 GB).
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
// Starts from nothing: a second install would remove the binaries that the packages fetched.
rmSync(`${folder}node_modules`, { recursive: true, force: true });
const args = ["install", "--no-package-lock", "--no-audit", "--no-fund"];
const { status } = spawnSync("npm", args, { cwd: folder, stdio: "inherit" });
process.exitCode = status ?? 1;
