// `npm ci` rejects a lock file that lacks a package, even one for another platform. If npm could
// not fetch such a package, it silently leaves it out, so this script looks for missing ones. With
// --fix it adds them without a checksum, which the next npm that can fetch them adds.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(path, "utf8"));

/** Lists the folders where Node looks for a package, from the one that needs it up to the root. */
const places = (from, name) => {
  const parts = from.split("/node_modules/");
  const nested = parts.map((_, end) => [...parts.slice(0, end + 1), name].join("/node_modules/"));
  return [...nested, `node_modules/${name}`];
};

/** Bindings have their platform in the name: `binding-linux-arm64-musl`. */
const platform = (name) => {
  const [, os, cpu, abi] =
    /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  const libc = { gnu: "glibc", musl: "musl" }[os === "linux" ? abi : ""];
  return os && { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
};

const missing = Object.entries(lock.packages).flatMap(([folder, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !places(folder, name).some((place) => place in lock.packages))
    .map(([name, version]) => ({ name, version, dev: entry.dev })),
);

const named = missing.map((it) => ({ ...it, platform: platform(it.name) }));
if (process.argv.includes("--fix") && named.every((it) => it.platform)) {
  for (const { name, version, dev, platform: on } of named) {
    lock.packages[`node_modules/${name}`] = { version, ...(dev && { dev }), optional: true, ...on };
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(
    path,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
  );
} else if (missing.length > 0) {
  const list = missing.map((it) => `  ${it.name}@${it.version}`).join("\n");
  console.error(
    `package-lock.json lacks packages that npm ci wants (node scripts/check-lock.mjs --fix):\n${list}`,
  );
  process.exitCode = 1;
}
