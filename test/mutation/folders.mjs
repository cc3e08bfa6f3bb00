const inEngine = (pattern) => `packages/session/src/${pattern}.test.ts`;

/** The folders that are mutated, and the tests outside of each that hold it too. */
export const FOLDERS = {
  token: [inEngine("session/{rotation,lifetimes}")],
  cookie: [inEngine("session/{large,duplicates,any-header}")],
  csrf: [inEngine("engine.cross-site")],
  session: [inEngine("{engine,sessions}")],
  store: ["test/stores.test.ts", inEngine("session/{races,resume}")],
  live: ["test/{live,live-races}.test.ts"],
};

/** The folder or file of this run, which `main.mjs` names. */
export const mutated = process.env["MUTATED"] ?? "";
export const [folder] = mutated.split("/");
