// Builds the docs site into docs/.vitepress/dist: the pages with VitePress, the API reference from
// the doc comments with TypeDoc, the cookie inspector with esbuild. The tools have their own folder
// and lock file, and are installed when they are missing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../docs", import.meta.url));

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const [task = "build"] = process.argv.slice(2);
const isInstalled = existsSync(`${folder}/node_modules/vitepress`);
if (!isInstalled) run("npm", ["ci", "--no-audit", "--no-fund"]);
if (task === "dev") run("npx", ["vitepress", "dev", "."]);
if (task === "build") {
  run("npx", ["vitepress", "build", "."]);
  run("npx", ["typedoc"]);
  run("node", ["inspector/build.mjs"]);
}
