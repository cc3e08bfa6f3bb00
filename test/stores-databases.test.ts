import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeCases } from "@galleta/session/testing";
import { NODE_24 } from "./support/node24.ts";

// Stores on databases that need a newer Node, Bun, Deno or workerd: the built packages (`npm run build`), on
// what `npm run runtimes` installs.
const home = fileURLToPath(new URL("databases/", import.meta.url));
const runtimes = fileURLToPath(new URL("runtimes/node_modules/", import.meta.url));
const bun = join(runtimes, ".bin/bun");
const deno = join(runtimes, ".bin/deno");
const scratch = join(home, ".scratch");
const worker = join(scratch, "worker.mjs");

const isInstalled = [NODE_24, bun, deno, join(home, "node_modules/miniflare")].every((path) =>
  existsSync(path),
);
if (!isInstalled) {
  const message = "These tests need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
}

const DENO_FLAGS = ["run", "-A", "--unstable-kv", "--node-modules-dir=manual"];
const run = join(home, "run.mjs");
const miniflare = join(home, "miniflare.mjs");

const DATABASES: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["sqliteStore on node:sqlite", NODE_24, run, "node-sqlite"],
  ["sqliteStore on bun:sqlite", bun, run, "bun-sqlite"],
  ["sqliteStore on better-sqlite3", NODE_24, run, "better-sqlite3"],
  ["denoKvStore on Deno KV", deno, ...DENO_FLAGS, run, "deno-kv"],
  ["d1Store on D1 in workerd", NODE_24, miniflare, worker, "d1"],
  ["durableObjectStore in workerd", NODE_24, miniflare, worker, "objects"],
];

describe.runIf(isInstalled)("a store", () => {
  beforeAll(async () => {
    mkdirSync(scratch, { recursive: true });
    await build({
      entryPoints: [join(home, "worker.mjs")],
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "import"],
      external: ["node:*", "cloudflare:*"],
      outfile: worker,
      logLevel: "error",
    });
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  // Each is a separate program, so two of them run at a time on two cores.
  it.concurrent.each(DATABASES)(
    "%s meets all requirements, even with 20,000 simultaneous operations",
    async (_name, command, ...args) => {
      const { stdout } = await promisify(execFile)(command, args, { timeout: 280_000 });
      const outcomes = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
      expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== "ok")).toEqual([]);
      const names = storeCases(() => undefined as never).map(({ name }) => name);
      expect(Object.keys(outcomes)).toEqual(
        expect.arrayContaining([...names, "20,000 operations at once"]),
      );
    },
    300_000,
  );
});
