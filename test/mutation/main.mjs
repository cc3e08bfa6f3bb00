// Changes the engine's code in hundreds of small ways, one at a time, and lists the changes that no
// test notices: `npm run mutation -- token session/save.ts`. Without names it runs every folder.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FOLDERS } from "./folders.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name.split("/")[0] in FOLDERS));
if (unknown.length > 0) {
  console.error(
    `Not a folder: ${unknown.join(", ")}. Known are ${Object.keys(FOLDERS).join(", ")}.`,
  );
  process.exit(2);
}

function run(command, args, options) {
  const { status } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(`${here}node_modules/@stryker-mutator`)) {
  run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here });
}
for (const mutated of named.length > 0 ? named : Object.keys(FOLDERS)) {
  run(`${here}node_modules/.bin/stryker`, ["run", `${here}stryker.config.mjs`], {
    cwd: root,
    env: { ...process.env, MUTATED: mutated },
  });
}
