import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { available, command } from "./support/require.ts";

const folders: string[] = [];
const read = (name: string) => readFileSync(new URL(`model/${name}`, import.meta.url), "utf8");

/** Checks a model with spin, over all states. @returns the assertion that is violated */
async function check(model: string, ...defines: string[]): Promise<string | undefined> {
  const cwd = mkdtempSync(join(tmpdir(), "galleta-model-"));
  folders.push(cwd);
  writeFileSync(join(cwd, "model.pml"), model);
  const run = async (path: string, ...args: string[]) =>
    (await promisify(execFile)(path, args, { cwd, maxBuffer: 16_777_216 })).stdout;
  await run("spin", ...defines, "-a", "model.pml");
  await run("gcc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c");
  const said = await run(join(cwd, "pan"), "-m100000");
  if (said.includes("max search depth too small")) throw new Error(said);
  if (said.includes("errors: 0")) return undefined;
  return /pan:\d+: (.*) \(at depth/.exec(said)?.[1] ?? said;
}

/** Each line makes the protocol safe. Without it a property must break. */
const MUTATIONS: readonly [what: string, atomic: 0 | 1, line: string, instead: string][] = [
  ["answers are used for ever", 1, "askedAt[me] == second + 1 &&", "askedAt[me] != 0 &&"],
  ["a write needs no condition", 1, "revision <= base && base < LAST ->", "base < LAST ->"],
  [
    "what is remembered may be older than the cookie",
    1,
    "(answerEnd[me] || answer[me] >= mine)",
    "true",
  ],
  [
    "an end stands under the session's key alone",
    0,
    "answerEnd[me] = answerEnd[me] || end;",
    "skip;",
  ],
  [
    "sockets rely on messages",
    1,
    "timeout ->                 /* asks",
    "timeout -> break;  /* asks",
  ],
  ["a revocation is not looked up", 1, "&& answerEpoch[me] <= carried &&", "&&"],
];

const isThere = available(command("spin", "spin"), command("gcc", "gcc"));

// Each check is a program of its own, so two cores run two of them.
describe.runIf(isThere)("the protocol", { concurrent: true, timeout: 300_000 }, () => {
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    [1, "a read older than its cookie"],
    [2, "an end that bystanders skip after a failover"],
    [6, "a destroyed session that a write in flight brings back"],
  ])("the previous one has fault %i: %s", async (fault) => {
    const violated = await check(read("today.pml"), `-DFAULT=${fault}`);
    expect(violated).toMatch(/assertion violated/);
  });

  it.each([
    ["a store that compares and writes in one step", 1],
    ["a store of Keyv's kind", 0],
  ])("holds with %s", async (_name, atomic) => {
    expect(await check(read("fleet.pml"), `-DATOMIC=${atomic}`)).toBeUndefined();
  });

  it.each(MUTATIONS)("breaks where %s", async (_what, atomic, line, instead) => {
    const model = read("fleet.pml");
    expect(model).toContain(line);
    const violated = await check(model.replace(line, instead), `-DATOMIC=${atomic}`);
    expect(violated).toMatch(/assertion violated/);
  });
});
