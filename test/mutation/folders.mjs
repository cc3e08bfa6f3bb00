import { readdirSync } from "node:fs";

const inEngine = (...names) => names.map((name) => `packages/session/src/${name}.test.ts`);

/** The folders that are mutated, and the tests outside of each that hold it too. */
export const FOLDERS = {
  token: inEngine("session/rotation", "session/lifetimes"),
  cookie: inEngine("session/large", "session/duplicates", "session/any-header"),
  csrf: inEngine("engine.cross-site"),
  session: inEngine(
    "engine",
    "engine.cross-site",
    "sessions",
    "live/live",
    "store/loading",
    "store/failure",
    "store/revocation",
    "formats/express-session",
    "formats/formats",
  ),
  store: inEngine(
    ...["races", "resume", "max-age", "foreign-ends"].map((name) => `session/${name}`),
    ...["update", "watch"].map((name) => `live/${name}`),
    "sessions",
    "testing/store-cases",
  ),
  live: inEngine("sessions"),
};

/**
 * Files that are left out. The tests of the stores and backplanes of a database start its server:
 * `test/stores*.test.ts` and `test/live-redis.test.ts` hold them. Cloudflare's and Deno's run in
 * `test/runtimes`.
 */
export const LEFT_OUT = {
  store: [
    "redis",
    "redis-client",
    "redis-sessions",
    "redis-scripts",
    "postgres",
    "postgres-client",
    "sqlite",
    "sql",
    "d1",
    "deno-kv",
    "durable-object",
  ],
  live: ["redis", "postgres"],
};

/** Tests that call mutated code millions of times. There each call takes a hundred times as long. */
export const TOO_SLOW = ["ends after 2 ** 24 tokens"];

/**
 * Test files that take seconds. They run only for mutants of the files that they are about, and find a
 * mutant elsewhere at most by chance.
 */
const SLOW = {
  "testing/store-cases.test.ts": ["memory.ts"],
  "token/cache.test.ts": ["cache.ts"],
  "token/ctr.test.ts": ["ctr.ts"],
  "token/tamper.test.ts": ["header.ts", "keys.ts", "mac.ts", "previous.ts", "times.ts", "token.ts"],
  "session/duplicates.test.ts": [
    "cookie/",
    "duplicates.ts",
    "strays.ts",
    "write-cookies.ts",
    "end.ts",
    "load.ts",
  ],
  "session/same-data.test.ts": ["body.ts", "json.ts", "load.ts", "save.ts", "write-cookies.ts"],
  "session/foreign-ends.test.ts": ["store/", "session/foreign", "load-foreign.ts", "end.ts"],
  "formats/formats.test.ts": ["load-foreign.ts", "format.ts", "foreign-shape.ts"],
  "store/failure.test.ts": [
    "store/",
    "load-ahead.ts",
    "context.ts",
    "commit.ts",
    "save.ts",
    "end.ts",
    "foreign-store.ts",
  ],
  "store/revocation.test.ts": [
    "store/",
    "live/",
    "context.ts",
    "commit.ts",
    "save.ts",
    "end.ts",
    "recent.ts",
    "announce.ts",
  ],
  "live/live.test.ts": [
    "live/",
    "context.ts",
    "commit.ts",
    "end.ts",
    "announce.ts",
    "late-writes.ts",
    "dictionary.ts",
  ],
  "live/activity.test.ts": ["activity.ts", "socket-session.ts"],
  "store/sign-ins.test.ts": [
    "sign-ins.ts",
    "sign-in-entry.ts",
    "list.ts",
    "limit.ts",
    "session-index.ts",
  ],
};

/** True if a mutant of a file is not worth the time of a test file. */
export function isSlowFor(testFile, mutatedFile) {
  const slow = Object.keys(SLOW).find((name) => testFile.endsWith(`/${name}`));
  return slow !== undefined && !SLOW[slow].some((part) => mutatedFile.includes(`/${part}`));
}

/** True if a run for some files of a folder needs a test file at all. */
function isNeeded(testFile) {
  const slow = Object.keys(SLOW).find((name) => testFile.endsWith(`/${name}`));
  if (slow === undefined || mutated === folder) return true;
  const isOf = (part) => part === `${folder}/` || mutated.includes(part.replace(".ts", ""));
  return SLOW[slow].some(isOf);
}

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
  ].filter(isNeeded);
}
