// The servers of tests end with the process that started them, even if that is killed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { root } from "./support/doc-examples.ts";

/** Starts a server with a child of its own, prints both process ids and waits. */
const program = (isGroup: boolean) => `
import { spawn } from "node:child_process";
import { endsWithTest } from ${JSON.stringify(join(root, "test/support/child.ts"))};
const server = "const { pid } = require('node:child_process').spawn('sleep', ['600']); console.log(process.pid, pid);";
const child = endsWithTest(
  spawn(process.execPath, ["-e", server], { detached: ${isGroup} }), ${isGroup},
);
const ended = endsWithTest(spawn(process.execPath, ["-e", ""]));
ended.once("exit", () => child.stdout.pipe(process.stdout));
`;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.runIf(process.platform === "linux").each([
  ["a server", false],
  ["the process group of a server", true],
])("%s ends when its test is killed", async (_name, isGroup) => {
  const folder = mkdtempSync(join(tmpdir(), "galleta-child-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "test.mts"), program(isGroup));
  const test = spawn(process.execPath, ["--import", "tsx", join(folder, "test.mts")], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(test.stdout, "data")) as [Buffer];
  const [server = 0, below = 0] = String(line).trim().split(" ").map(Number);
  onTestFinished(() => {
    for (const pid of [server, below]) if (isRunning(pid)) process.kill(pid, "SIGKILL");
  });
  expect([server, below].map(isRunning)).toEqual([true, true]);
  test.kill("SIGKILL");
  await vi.waitFor(() => expect(isRunning(server)).toBe(false), { timeout: 20_000 });
  if (isGroup) await vi.waitFor(() => expect(isRunning(below)).toBe(false), { timeout: 20_000 });
});
