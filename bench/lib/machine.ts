import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { spawnSync } from "node:child_process";

const require = createRequire(import.meta.url);

/** The version of an installed package. */
export function versionOf(name: string): string {
  // The package's exports may lack its package.json, so this searches the disk.
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(`${folder}/${name}/package.json`, "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return "?";
}

/** Returns the version that a command prints: the first number of that form. */
export function commandVersion(command: readonly string[]): string {
  const [program = "", ...args] = command;
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return /\d+\.\d+(?:\.\d+)*/.exec(`${stdout ?? ""}${stderr ?? ""}`)?.[0] ?? "not there";
}

/** Describes the machine in one sentence. */
export function describeMachine(): string {
  const [cpu] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  const busy = loadavg()[0]?.toFixed(2);
  return `${availableParallelism()} cores of ${cpu?.model ?? "an unknown processor"}, ${gib} GiB, ${type()} ${release()}; load before the run ${busy}`;
}
