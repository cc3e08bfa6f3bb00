// Installs what tests need beside the workspace: runtimes, frameworks, databases, the docs' tools. Each
// has a folder with a package.json of its own, but for the servers of Redis. Two folders compile better-sqlite3 where no
// binary can be fetched, which takes minutes of one core: the others are installed meanwhile.
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const prefix = dirname(dirname(process.execPath));
// Where Node brought its headers, node-gyp need not fetch them.
const headers = existsSync(join(prefix, "include/node/node.h"))
  ? { npm_config_nodedir: prefix }
  : {};
const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];

const compiled = ["test/databases", "test/companions"];
const others = ["test/runtimes", "test/full-stack", "test/frameworks", "test/plugins", "docs"];

await Promise.all([
  installAll(compiled),
  installAll(others).then(() => run("node", ["scripts/redis-servers.mjs"], root)),
]);

async function installAll(folders) {
  for (const folder of folders) await install(folder);
}

async function install(folder) {
  const started = performance.now();
  const cwd = join(root, folder);
  if (folder === "test/full-stack") await run("node", ["install.mjs"], cwd);
  else if (folder === "test/runtimes") await installAfresh(cwd);
  else await run("npm", ["ci", ...quietly], cwd);
  console.log(`${folder}: installed in ${Math.round((performance.now() - started) / 1000)} s`);
}

/** A second install would remove the binaries that the packages of the runtimes fetched. */
async function installAfresh(cwd) {
  rmSync(join(cwd, "node_modules"), { recursive: true, force: true });
  await run("npm", ["install", "--no-package-lock", ...quietly], cwd);
}

function run(command, args, cwd) {
  const child = spawn(command, args, {
    cwd,
    stdio: "inherit",
    env: { ...process.env, ...headers },
  });
  return new Promise((resolve) => {
    child.once("close", (code) => {
      if (code !== 0) process.exit(code ?? 1);
      resolve();
    });
  });
}
