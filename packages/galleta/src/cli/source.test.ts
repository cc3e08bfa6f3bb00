import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readSource } from "./source.ts";

const folder = mkdtempSync(join(tmpdir(), "galleta-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

it("follows imports within the app, and leaves packages out", async () => {
  const deep = file("deep.ts", "export const x = 1;");
  const settings = file("settings.ts", 'export { x } from "./deep.js";');
  const app = file("app.ts", 'import "galleta"; import { x } from "./settings"; console.log(x);');
  expect(await readSource(app)).toEqual({ ok: true, files: new Set([deep, settings, app]) });
});

it("says in which file, line and column the syntax is wrong", async () => {
  const bad = file("bad.ts", "export const a = 1;\nexport const b = ;\n");
  const app = file("imports-bad.js", 'import "./bad.ts";');
  expect(await readSource(app)).toEqual({
    ok: false,
    problem: `${bad}:2:18: Syntax error: Unexpected ";"`,
  });
});

it("says which import leads nowhere", async () => {
  const app = file("lost.ts", 'import "./nowhere.ts";');
  expect(await readSource(app)).toEqual({
    ok: false,
    problem: `${app}:1:8: Could not resolve "./nowhere.ts"`,
  });
});

it("does not show a string that stands in the wrong place", async () => {
  for (const quote of ['"', "'", "`"]) {
    const app = file("secret.js", `export const ${quote}hunter2${quote} = 1;\n`);
    expect(await readSource(app)).toEqual({
      ok: false,
      problem: `${app}:1:14: Syntax error: Expected identifier but found a string`,
    });
  }
});
