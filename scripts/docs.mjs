// Builds the docs site into docs/.vitepress/dist: the pages with VitePress, the API reference from
// the doc comments with TypeDoc. Both have a folder and a lock file of their own.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../docs", import.meta.url));

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(`${folder}/node_modules/vitepress`)) run("npm", ["ci", "--no-audit", "--no-fund"]);
run("npx", ["vitepress", process.argv[2] === "dev" ? "dev" : "build", "."]);
if (process.argv[2] !== "dev") run("npx", ["typedoc"]);
