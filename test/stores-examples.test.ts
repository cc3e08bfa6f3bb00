// The stores that docs/stores.md shows for other databases: the page's own code.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { transformSync } from "esbuild";
import type { SessionStore } from "@galleta/session";
import { storeCases } from "@galleta/session/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCollection } from "./support/mongo-collection.ts";

const home = fileURLToPath(new URL("databases/", import.meta.url));
const scratch = join(home, "examples/.scratch");

/** Writes the block of a database as a module, and returns its path. */
function moduleOf(database: string): string {
  const page = readFileSync(new URL("../docs/stores.md", import.meta.url), "utf8");
  const section = page.slice(page.indexOf(`\n### ${database}\n`));
  const [, code = ""] = /```ts\n([^]*?)```/.exec(section) ?? [];
  const path = join(scratch, `${database}.mjs`);
  writeFileSync(path, transformSync(code, { loader: "ts" }).code);
  return path;
}

beforeAll(() => void mkdirSync(scratch, { recursive: true }));
afterAll(() => rmSync(join(home, "examples"), { recursive: true, force: true }));

describe("the store for MongoDB, on a collection in memory", () => {
  const collection = makeCollection();
  const open = async () => {
    const { mongoStore } = (await import(
      /* @vite-ignore */ pathToFileURL(moduleOf("MongoDB")).href
    )) as { mongoStore(collection: object): SessionStore };
    return mongoStore(collection);
  };
  it.each(storeCases(open))("$name", ({ run }) => run());
});

const isInstalled = existsSync(join(home, "node_modules/dynalite"));
if (!isInstalled) {
  const message = "`npm run runtimes` installs dynalite.";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
}

describe.runIf(isInstalled)("the store for DynamoDB, on a server that speaks its protocol", () => {
  it("does what a store must", { timeout: 280_000 }, async () => {
    const args = [join(home, "run.mjs"), "docs-dynamodb", moduleOf("DynamoDB")];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 270_000 });
    const outcomes = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
    expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== "ok")).toEqual([]);
    const names = storeCases(() => undefined as never).map(({ name }) => name);
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(names));
  });
});
