import { optionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import { readSqliteRow, sqliteStatements, SWEEP_EVERY, TABLE, type SqliteRow } from "./sql.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** The part of a prepared statement that the store uses. */
export interface SqliteStatement {
  get(...values: (string | number)[]): unknown;
  run(...values: (string | number)[]): unknown;
}

/** The part of a database of node:sqlite, better-sqlite3 or bun:sqlite that the store uses. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** The name of the table. Default `galleta_sessions`. */
  readonly table?: string;
}

/**
 * A store in a SQLite file, for the processes of one machine. It survives a restart.
 *
 * The store creates its table and switches the journal to WAL, so that readers and writers do not
 * wait for each other.
 *
 * @param database an open database of node:sqlite, better-sqlite3 or bun:sqlite
 * @throws SessionError `ERR_SESSION_OPTION` if the argument is not such a database
 * @example
 * ```ts
 * // const database = new DatabaseSync("./sessions.db"), of node:sqlite
 * const store = sqliteStore(database);
 * createSessions({ secretKey, store, subject: "userId" });
 * ```
 */
export function sqliteStore(
  database: SqliteDatabase,
  { table = TABLE }: SqliteStoreOptions = {},
): SessionStore & ConnectedStore {
  if (typeof database?.exec !== "function" || typeof database.prepare !== "function") {
    throw optionError(
      "sqliteStore needs an open database of node:sqlite, better-sqlite3 or bun:sqlite.",
    );
  }
  return connected(new SqliteStore(database, table));
}

class SqliteStore implements SessionStore {
  // False, because another process may write to the same file.
  readonly isLocal = false;
  readonly #read: SqliteStatement;
  readonly #write: SqliteStatement;
  readonly #sweep: SqliteStatement;
  #writes = 0;

  constructor(database: SqliteDatabase, table: string) {
    const { create, read, sweep, write } = sqliteStatements(table);
    // Waiting for another writer blocks this process, so the limit is short.
    database.exec("PRAGMA busy_timeout = 1000");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    for (const statement of create) database.exec(statement);
    this.#read = database.prepare(read);
    this.#write = database.prepare(write);
    this.#sweep = database.prepare(sweep);
  }

  get(keys: readonly string[]): (StoredValue | undefined)[] {
    const now = Date.now();
    return keys.map((key) => this.#get(key, now));
  }

  replace(write: Write): StoredValue | undefined {
    const { key, base, rev, value, seconds } = write;
    const now = Date.now();
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY === 0) this.#sweep.run(now);
    const written = this.#write.get(key, rev, value, now + seconds * 1000, base, now);
    if (written !== undefined && written !== null) return undefined;
    // If another process deleted the value between the two statements, the write is tried again.
    return this.#get(key, now) ?? this.replace(write);
  }

  #get(key: string, now: number): StoredValue | undefined {
    return readSqliteRow(this.#read.get(key, now) as SqliteRow | undefined | null);
  }
}
