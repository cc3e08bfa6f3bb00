// Holds the direction of imports (docs/architecture.md): a file may import only from its own layer
// or from one before it, and an adapter never imports another adapter.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const engine = join(root, "packages/session/src");

const LAYERS = [
  ["errors.ts", "secret.ts", "encoding.ts", "maybe.ts", "timer.ts"],
  ["token", "cookie"],
  ["session"],
  ["csrf", "live", "formats", "store", "client"],
  ["engine.ts", "sessions.ts", "inspect"],
  ["adapters"],
  ["index.ts", "adapter.ts", "redis.ts"],
];
const layerOf = (file) => {
  const top = relative(engine, file).split("/")[0];
  const layer = LAYERS.findIndex((names) => names.includes(top));
  if (layer < 0)
    throw new Error(
      `${relative(root, file)}: name the layer of "${top}" in scripts/check-imports.mjs`,
    );
  return layer;
};

const problems = [];
for (const entry of readdirSync(engine, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts") || /\.test(-d)?\.ts$/.test(entry.name))
    continue;
  const file = join(entry.parentPath, entry.name);
  const here = relative(engine, file);
  for (const [, clause, target] of readFileSync(file, "utf8").matchAll(
    /^\s*(?:import|export)\s+([^;"']*?from\s*)?["']([^"']+)["']/gm,
  )) {
    if (target.startsWith("node:")) continue;
    if (!target.startsWith(".")) {
      if (!/^type\b/.test(clause ?? "")) problems.push(`${here}: imports the package "${target}"`);
      continue;
    }
    const to = resolve(dirname(file), target);
    const [from, into] = [layerOf(file), layerOf(to)];
    if (into > from) problems.push(`${here}: imports ${relative(engine, to)} of a later layer`);
    const adapter = relative(join(engine, "adapters"), to);
    if (here.startsWith("adapters/") && !adapter.startsWith("..") && !adapter.startsWith("kit/")) {
      problems.push(`${here}: imports another adapter, ${adapter}`);
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
}
