import { readdirSync } from "node:fs";

const inEngine = (...names) => names.map((name) => `packages/session/src/${name}.test.ts`);

/** The folders that are mutated, and the tests outside of each that hold it too. */
export const FOLDERS = {
  token: inEngine("session/rotation", "session/lifetimes"),
  cookie: inEngine("session/large", "session/duplicates", "session/any-header"),
  csrf: inEngine("engine.cross-site"),
  session: inEngine("engine", "engine.cross-site", "sessions"),
  store: ["test/stores.test.ts", ...inEngine("session/races", "session/resume")],
  live: ["test/live.test.ts", "test/live-races.test.ts"],
};

/** The folder or file of this run, which `main.mjs` names. */
export const mutated = process.env["MUTATED"] ?? "";
export const [folder] = mutated.split("/");

/** Returns the test files of this run. */
export function testFiles(root) {
  const beside = `${root}/packages/session/src/${folder}`;
  return [
    ...readdirSync(beside)
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${beside}/${name}`),
    ...FOLDERS[folder].map((file) => `${root}/${file}`),
  ];
}
