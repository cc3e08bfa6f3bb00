// Installs the frameworks of examples/full-stack, each app by itself, without our package: a test
// adds that as a tarball. Installed apps are kept (about 1 GB for all).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXAMPLES, HOME, NAMES } from "./places.mjs";

const args = "install --no-package-lock --ignore-scripts --prefer-offline --no-audit --no-fund";

for (const name of NAMES) {
  const folder = join(HOME, name);
  const manifest = JSON.parse(readFileSync(join(EXAMPLES, name, "package.json"), "utf8"));
  delete manifest.dependencies["@galleta/session"];
  const wanted = JSON.stringify(manifest);
  const noted = join(folder, "installed.json");
  if (existsSync(noted) && readFileSync(noted, "utf8") === wanted) continue;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), wanted);
  // The frameworks need the Node of the tests, not the one that installs them.
  const { status } = spawnSync("npm", [...args.split(" "), "--loglevel=error"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(noted, wanted);
  console.log(`${name}: installed`);
}
