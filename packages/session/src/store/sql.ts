import { optionError } from "../errors.ts";
import type { StoredValue } from "./store.ts";

const NAME = /^[a-z_][a-z0-9_]{0,62}$/i;

/**
 * Checks the name of a table, because the SQL contains it without quotes.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if the name has other characters than letters, digits
 *   and `_`, or begins with a digit
 */
export function assertTable(table: string): void {
  if (typeof table === "string" && NAME.test(table)) return;
  throw optionError(
    "table must be a plain name: letters, digits and _, starting with a letter or _.",
  );
}

/** The default of the option `table`. */
export const TABLE = "galleta_sessions";

/** One in this many writes also deletes expired values. */
export const SWEEP_EVERY = 1000;

/** The SQL statements for SQLite and D1. Times are milliseconds of the caller's clock. */
export interface SqliteStatements {
  readonly create: readonly string[];
  /** Reads a key. Parameters: key, now. */
  readonly read: string;
  /**
   * Writes a key, unless it has a newer value. Parameters: key, rev, value, expires, base, now.
   * Returns a row if it wrote, and none otherwise.
   */
  readonly write: string;
  /** Deletes some expired values. Parameter: now. */
  readonly sweep: string;
}

export function sqliteStatements(table: string): SqliteStatements {
  assertTable(table);
  return {
    create: [
      `CREATE TABLE IF NOT EXISTS ${table} (
  key TEXT PRIMARY KEY, rev INTEGER NOT NULL, value TEXT NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID`,
      `CREATE INDEX IF NOT EXISTS ${table}_expires ON ${table} (expires)`,
    ],
    read: `SELECT rev, value FROM ${table} WHERE key = ? AND expires > ?`,
    write: `INSERT INTO ${table} (key, rev, value, expires) VALUES (?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET rev = excluded.rev, value = excluded.value, expires = excluded.expires
      WHERE ${table}.rev <= ? OR ${table}.expires <= ?
      RETURNING key`,
    sweep: `DELETE FROM ${table} WHERE key IN (SELECT key FROM ${table} WHERE expires <= ? LIMIT 1000)`,
  };
}

/** A row of the SQLite table. */
export interface SqliteRow {
  readonly rev: number | bigint;
  readonly value: string;
}

export function readSqliteRow(row: SqliteRow | null | undefined): StoredValue | undefined {
  return row ? { rev: Number(row.rev), value: row.value } : undefined;
}
