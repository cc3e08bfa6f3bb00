// A store in a SQLite file, with each runtime's own database. Prints what failed, as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteStore } from "@galleta/session/sqlite";
import { storeCases } from "@galleta/session/testing";

const folder = mkdtempSync(join(tmpdir(), "galleta-sqlite-"));
const isBun = "Bun" in globalThis;
const { Database, DatabaseSync } = await import(isBun ? "bun:sqlite" : "node:sqlite");
const databases = [];
const open = () => {
  const database = new (Database ?? DatabaseSync)(join(folder, "sessions.db"));
  databases.push(database);
  return sqliteStore(database);
};
const outcomes = {};
for (const { name, run } of storeCases(open)) {
  try {
    await run();
    outcomes[name] = "ok";
  } catch (error) {
    outcomes[name] = `FAILED ${error}`;
  }
}
for (const database of databases) database.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(outcomes));
