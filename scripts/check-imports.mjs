// Checks the direction of imports (docs/architecture.md): a file may import only from its own layer
// or an earlier one, an adapter never imports another adapter, and no two files import each other,
// not even for types. Each exported name is defined in only one file.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const engine = join(root, "packages/session/src");

const LAYERS = [
  [
    "errors.ts",
    "secret.ts",
    "encoding.ts",
    "maybe.ts",
    "timer.ts",
    "copies.ts",
    "nearest.ts",
    "validate.ts",
    "warn.ts",
  ],
  ["token", "cookie"],
  ["session"],
  ["site", "client"],
  ["csrf", "live", "formats", "store", "device"],
  ["set-up.ts", "engine.ts", "sessions.ts"],
  ["adapters"],
  [
    "index.ts",
    "adapter.ts",
    "internals.ts",
    "redis.ts",
    "postgres.ts",
    "sqlite.ts",
    "deno-kv.ts",
    "cloudflare.ts",
    "testing",
    "testing.ts",
    "device-bound.ts",
    "live-sockets.ts",
  ],
];
const layerOf = (file) => {
  const top = relative(engine, file).split("/")[0];
  const layer = LAYERS.findIndex((names) => names.includes(top));
  if (layer < 0)
    throw new Error(
      `${relative(root, file)}: add the layer of "${top}" to scripts/check-imports.mjs`,
    );
  return layer;
};

const EXPORTED =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type) (\w+)/gm;
/** Every adapter exports these names. */
const IN_EVERY_ADAPTER = new Set(["session", "sessionOf", "FetchSession"]);
/** The file that defines each exported name. */
const homes = new Map();

const problems = [];
/** The imports of each file, types included. */
const graph = new Map();
for (const entry of readdirSync(engine, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts") || /\.test(-d)?\.ts$/.test(entry.name))
    continue;
  const file = join(entry.parentPath, entry.name);
  const here = relative(engine, file);
  const targets = [];
  graph.set(here, targets);
  const source = readFileSync(file, "utf8");
  for (const [, name] of source.matchAll(EXPORTED)) {
    const other = homes.get(name);
    if (other !== undefined && other !== here && !IN_EVERY_ADAPTER.has(name)) {
      problems.push(`${here}: exports ${name}, as ${other} does`);
    }
    homes.set(name, here);
  }
  for (const [, clause, target] of source.matchAll(
    /^\s*(?:import|export)\s+([^;"']*?from\s*)?["']([^"']+)["']/gm,
  )) {
    if (target.startsWith("node:")) continue;
    if (!target.startsWith(".")) {
      if (!/^type\b/.test(clause ?? "")) problems.push(`${here}: imports the package "${target}"`);
      continue;
    }
    const to = resolve(dirname(file), target);
    targets.push(relative(engine, to));
    const [from, into] = [layerOf(file), layerOf(to)];
    if (into > from) problems.push(`${here}: imports ${relative(engine, to)} of a later layer`);
    const adapter = relative(join(engine, "adapters"), to);
    if (here.startsWith("adapters/") && !adapter.startsWith("..") && !adapter.startsWith("kit/")) {
      problems.push(`${here}: imports another adapter, ${adapter}`);
    }
  }
}

// The framework uses only the engine's entries, and must not repeat code of the kit.
const framework = join(root, "packages/galleta/src");
const { exports: entries } = JSON.parse(readFileSync(join(engine, "../package.json"), "utf8"));
for (const entry of readdirSync(framework, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/(?<!\.test)(?<!\.test-d)\.ts$/.test(entry.name)) continue;
  const file = join(entry.parentPath, entry.name);
  const here = `galleta/${relative(framework, file)}`;
  const source = readFileSync(file, "utf8");
  for (const [, target] of source.matchAll(/\bfrom\s*["']([^"']+)["']/g)) {
    const isOutside =
      target.startsWith(".") &&
      relative(framework, resolve(dirname(file), target)).startsWith("..");
    const name = target.replace(/^@galleta\/session/, ".");
    if (isOutside || (name !== target && !(name in entries))) {
      problems.push(`${here}: imports ${target}, which is not an entry of @galleta/session`);
    }
  }
  for (const [, name] of source.matchAll(/^(?:export )?(?:async )?(?:function\*?|class) (\w+)/gm)) {
    const home = homes.get(name);
    if (home?.startsWith("adapters/kit/")) problems.push(`${here}: has ${name}, as ${home} does`);
  }
}

for (const group of findCycles(graph)) problems.push(`import each other: ${group.join(", ")}`);

/** Finds groups of files that import each other (Tarjan's strongly connected components). */
function findCycles(imports) {
  const groups = [];
  const order = new Map();
  const stack = [];
  const visit = (file) => {
    let low = order.size;
    const own = low;
    order.set(file, own);
    stack.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (stack.includes(target)) low = Math.min(low, order.get(target));
    }
    if (low === own) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1) groups.push(group);
    }
    return low;
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return groups;
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
}
