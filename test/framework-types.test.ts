import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compile } from "./support/compile.ts";
import { root } from "./support/doc-examples.ts";

let folder: string;

// An app's declarations hold for a whole compilation, so each of these is compiled alone.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "galleta-types-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The paths of the packages' sources, for a folder outside the repository. */
async function sourcePaths(): Promise<Record<string, string[]>> {
  const config = await readFile(join(root, "tsconfig.check.json"), "utf8");
  const { paths } = (JSON.parse(config) as { compilerOptions: { paths: Record<string, string[]> } })
    .compilerOptions;
  return Object.fromEntries(
    Object.entries(paths).map(([name, files]) => [name, files.map((file) => join(root, file))]),
  );
}

/** What the compiler says of an app. */
async function compileApp(source: string): Promise<string> {
  await writeFile(join(folder, "app.mts"), source);
  const config = {
    extends: join(root, "tsconfig.check.json"),
    compilerOptions: {
      typeRoots: [join(root, "node_modules/@types")],
      paths: await sourcePaths(),
    },
    include: [join(folder, "app.mts")],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  return compile(folder);
}

test.each(["@galleta/session", "galleta"])(
  "a declaration in %s types the session everywhere",
  async (name) => {
    const told = await compileApp(`
    import { App } from "galleta";
    declare module "${name}" {
      interface SessionData { lastId: number }
    }
    const app = new App();
    app.route("/", (req) => {
      const id: number | undefined = req.session.lastId;
      req.session.lastId = (id ?? 0) + 1;
      // @ts-expect-error of another type
      req.session.lastId = "1";
      // @ts-expect-error nobody declared it
      req.session.lastID = 1;
    });
    app.websocketRoute("/ws", async (ws) => {
      const id: number | undefined = ws.session.lastId;
      // @ts-expect-error of another type
      ws.session.lastId = String(id);
    });
    new App<{ other: string }>().route("/", (req) => {
      req.session.other = "typed for one app";
      // @ts-expect-error declared for the others
      req.session.lastId = 1;
    });
  `);
    expect(told).toBe("");
  },
);

test("without a declaration, every key has any type", async () => {
  const told = await compileApp(`
    import { App } from "galleta";
    new App().route("/", (req) => {
      req.session.anything = { goes: true };
      const read: unknown = req.session.anything;
      req.session.visits = (req.session.visits ?? 0) + 1;
      void read;
    });
  `);
  expect(told).toBe("");
});
