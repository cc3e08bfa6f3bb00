import { optionError } from "../errors.ts";
import { CONNECT, type CheckedConnected, type ConnectedStore } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import { assertTable, SWEEP_EVERY } from "./sql.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";
import { SessionStorePort } from "./connected-store.ts";

/** The used part of a prepared statement. */
export interface SqliteStatement {
  get(...values: (string | number)[]): unknown;
  run(...values: (string | number)[]): unknown;
}

/** The used part of a database of node:sqlite, better-sqlite3 or bun:sqlite. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** The name of the table. Default `galleta_sessions`. */
  readonly table?: string;
}

interface Row {
  readonly rev: number | bigint;
  readonly value: string;
}

/**
 * A store in a SQLite file, for the processes of one machine. It survives a restart.
 *
 * The store creates its table and switches the journal to WAL, so that readers and writers do not
 * wait for each other.
 *
 * @param database an open one of node:sqlite, better-sqlite3 or bun:sqlite
 * @throws SessionError `ERR_SESSION_OPTION` if it is none of them
 * @example
 * ```ts
 * // const database = new DatabaseSync("./sessions.db"), of node:sqlite
 * const store = sqliteStore(database);
 * createSessions({ secretKey, store, subject: "userId" });
 * ```
 */
export function sqliteStore(
  database: SqliteDatabase,
  { table = "galleta_sessions" }: SqliteStoreOptions = {},
): SessionStore & ConnectedStore {
  if (typeof database?.exec !== "function" || typeof database.prepare !== "function") {
    throw optionError(
      "sqliteStore needs an open database of node:sqlite, better-sqlite3 or bun:sqlite.",
    );
  }
  assertTable(table);
  return new SqliteStore(database, table);
}

class SqliteStore implements SessionStore, ConnectedStore {
  // Another process may use the same file.
  readonly isLocal = false;
  readonly #read: SqliteStatement;
  readonly #write: SqliteStatement;
  readonly #sweep: SqliteStatement;
  #writes = 0;

  constructor(database: SqliteDatabase, table: string) {
    // Waiting for another writer blocks the process, so the time is short.
    database.exec("PRAGMA busy_timeout = 1000");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (
        key TEXT PRIMARY KEY, rev INTEGER NOT NULL, value TEXT NOT NULL, expires INTEGER NOT NULL
      ) WITHOUT ROWID`,
    );
    database.exec(`CREATE INDEX IF NOT EXISTS ${table}_expires ON ${table} (expires)`);
    this.#read = database.prepare(`SELECT rev, value FROM ${table} WHERE key = ? AND expires > ?`);
    this.#write = database.prepare(
      `INSERT INTO ${table} (key, rev, value, expires) VALUES (?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET rev = excluded.rev, value = excluded.value, expires = excluded.expires
      WHERE ${table}.rev <= ? OR ${table}.expires <= ?
      RETURNING key`,
    );
    this.#sweep = database.prepare(
      `DELETE FROM ${table} WHERE key IN (SELECT key FROM ${table} WHERE expires <= ? LIMIT 1000)`,
    );
  }

  [CONNECT](shared: Shared, options: CheckedConnected): SessionStorePort {
    return new SessionStorePort(this, shared, options);
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
    // Another process may have deleted it between the two statements.
    return this.#get(key, now) ?? this.replace(write);
  }

  #get(key: string, now: number): StoredValue | undefined {
    const row = this.#read.get(key, now) as Row | undefined | null;
    return row ? { rev: Number(row.rev), value: row.value } : undefined;
  }
}
