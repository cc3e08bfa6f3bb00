import { optionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import {
  readSqliteRow,
  sqliteStatements,
  SWEEP_EVERY,
  TABLE,
  type SqliteRow,
  type SqliteStatements,
} from "./sql.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** The part of a D1 prepared statement that the store uses. */
export interface D1Statement {
  bind(...values: (string | number)[]): D1Statement;
}

/** The part of a D1 database, bound to a Worker, that the store uses. */
export interface D1Database {
  prepare(sql: string): D1Statement;
  batch(statements: D1Statement[]): Promise<readonly { readonly results: readonly unknown[] }[]>;
}

/** Options of {@link d1Store}. */
export interface D1StoreOptions {
  /** The name of the table. Default `galleta_sessions`. */
  readonly table?: string;
}

/**
 * Returns the SQL that creates the table of {@link d1Store}. Put it into a migration; the store
 * creates nothing by itself.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if the table's name has other characters than letters,
 *   digits and `_`
 * @example
 * ```ts
 * console.log(d1Migration());
 * ```
 */
export function d1Migration(table = TABLE): string {
  return `${sqliteStatements(table).create.join(";\n")};\n`;
}

/**
 * A store in Cloudflare D1, for any number of Workers. Each look-up and each change is one D1
 * batch, which is a transaction.
 *
 * @param database the binding, `env.DB`
 * @throws SessionError `ERR_SESSION_OPTION` if the argument is not a D1 database
 * @example
 * ```ts
 * // import { env } from "cloudflare:workers";
 * const sessions = createSessions({ secretKey, store: d1Store(env.DB), subject: "userId" });
 * ```
 */
export function d1Store(
  database: D1Database,
  { table = TABLE }: D1StoreOptions = {},
): SessionStore & ConnectedStore {
  if (typeof database?.prepare !== "function" || typeof database.batch !== "function") {
    throw optionError("d1Store needs the binding of a D1 database, as in d1Store(env.DB).");
  }
  return connected(new D1Store(database, sqliteStatements(table)));
}

class D1Store implements SessionStore {
  readonly isLocal = false;
  readonly #database: D1Database;
  readonly #sql: SqliteStatements;
  #writes = 0;

  constructor(database: D1Database, sql: SqliteStatements) {
    this.#database = database;
    this.#sql = sql;
  }

  async get(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const now = Date.now();
    const read = this.#database.prepare(this.#sql.read);
    const answers = await this.#database.batch(keys.map((key) => read.bind(key, now)));
    return answers.map(firstOf);
  }

  async replace(write: Write): Promise<StoredValue | undefined> {
    const { key, base, rev, value, seconds } = write;
    const now = Date.now();
    const { prepare } = this.#database;
    const statement = (sql: string, ...values: (string | number)[]) =>
      prepare.call(this.#database, sql).bind(...values);
    this.#writes += 1;
    // A batch is one transaction, so the read returns the value that prevented the write.
    const [written, current] = await this.#database.batch([
      statement(this.#sql.write, key, rev, value, now + seconds * 1000, base, now),
      statement(this.#sql.read, key, now),
      ...(this.#writes % SWEEP_EVERY === 0 ? [statement(this.#sql.sweep, now)] : []),
    ]);
    return written !== undefined && written.results.length > 0 ? undefined : firstOf(current);
  }
}

function firstOf(answer: { readonly results: readonly unknown[] } | undefined) {
  return readSqliteRow(answer?.results[0] as SqliteRow | undefined);
}
