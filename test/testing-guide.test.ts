// docs/testing.md: the tests of an Express app, run by Vitest from the block as it stands. That of
// Jest runs in modules.test.ts, on the packed package.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { CliBench, ROOT, SECRET_KEY } from "./support/cli.ts";

const block = (path: string, start: string) => {
  const blocks = readFileSync(join(ROOT, path), "utf8").matchAll(/```js\n(.*?)```/gs);
  return [...blocks].map(([, code = ""]) => code).find((code) => code.includes(start)) ?? "";
};

const bench = new CliBench();
afterAll(() => bench.end());

it("Vitest runs the test of the page", { timeout: 120_000 }, async () => {
  const app = block("docs/index.md", "app.use").replace(/^app\.listen.*$/m, "export { app };");
  bench.file("app.mjs", app);
  bench.file("package.json", '{ "type": "module" }');
  bench.file("app.test.js", block("docs/testing.md", "// app.test.js"));
  // Without it, Vitest would find the configuration of this repository.
  bench.file("vitest.config.js", "export default {};\n");
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, "run"], {
    cwd: bench.folder,
    env: { PATH, HOME, SECRET_KEY, NO_COLOR: "1" },
  });
  expect(stdout).toMatch(/Tests\s+1 passed/);
});
