import { optionError, SessionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import { queryOf, type PostgresClient, type Query } from "./postgres-client.ts";
import { assertTable, SWEEP_EVERY, TABLE } from "./sql.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** The name of the table. Default `galleta_sessions`. */
  readonly table?: string;
}

/**
 * Returns the SQL that creates the table of {@link postgresStore}. Put it into your migrations; the
 * store creates nothing by itself.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if the table's name has other characters than letters,
 *   digits and `_`
 * @example
 * ```ts
 * console.log(postgresMigration());
 * ```
 */
export function postgresMigration(table = TABLE): string {
  assertTable(table);
  return `CREATE TABLE IF NOT EXISTS ${table} (
  key text COLLATE "C" PRIMARY KEY,
  rev bigint NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ${table}_expires_at ON ${table} (expires_at);
`;
}

/**
 * A store in PostgreSQL, shared by any number of processes. The database's clock decides when a
 * value expires.
 *
 * @param client a pool of node-postgres (`pg`), or the `sql` function of postgres.js
 * @throws SessionError `ERR_SESSION_OPTION` if the client is neither
 * @example
 * ```ts
 * import { Pool } from "pg";
 * const pool = new Pool({ connectionString: url });
 * createSessions({ secretKey, store: postgresStore(pool), subject: "userId" });
 * ```
 */
export function postgresStore(
  client: PostgresClient,
  { table = TABLE }: PostgresStoreOptions = {},
): SessionStore & ConnectedStore {
  const query = queryOf(client);
  if (query === undefined) {
    throw optionError(
      "postgresStore needs a Pool of pg (node-postgres), or the sql of postgres.js.",
    );
  }
  assertTable(table);
  return connected(new PostgresStore(query, table));
}

interface Row {
  readonly key: string;
  readonly rev: string | number | bigint;
  readonly value: string;
}

class PostgresStore implements SessionStore {
  readonly isLocal = false;
  readonly #query: Query;
  readonly #table: string;
  #writes = 0;

  constructor(query: Query, table: string) {
    this.#query = query;
    this.#table = table;
  }

  async get(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const rows = await this.#run<Row>(
      `SELECT key, rev, value FROM ${this.#table} WHERE key = ANY($1::text[]) AND expires_at > now()`,
      [keys],
    );
    const found = new Map(rows.map((row) => [row.key, row]));
    return keys.map((key) => {
      const row = found.get(key);
      return row && { rev: Number(row.rev), value: row.value };
    });
  }

  async replace(write: Write): Promise<StoredValue | undefined> {
    const { key, base, rev, value, seconds } = write;
    const table = this.#table;
    this.#writes += 1;
    if (this.#writes % SWEEP_EVERY === 0) void this.#sweep();
    const written = await this.#run(
      `INSERT INTO ${table} AS s (key, rev, value, expires_at)
      VALUES ($1, $2::bigint, $3, now() + $4::int * interval '1 second')
      ON CONFLICT (key) DO UPDATE
      SET rev = excluded.rev, value = excluded.value, expires_at = excluded.expires_at
      WHERE s.rev <= $5::bigint OR s.expires_at <= now()
      RETURNING key`,
      [key, `${rev}`, value, seconds, `${base}`],
    );
    if (written.length > 0) return undefined;
    // If the newer value expired between the two statements, the write is tried again.
    return (await this.get([key]))[0] ?? this.replace(write);
  }

  async #sweep(): Promise<void> {
    const table = this.#table;
    const old = `SELECT key FROM ${table} WHERE expires_at <= now() LIMIT 1000`;
    await this.#run(`DELETE FROM ${table} WHERE key IN (${old})`, []).catch(() => undefined);
  }

  async #run<Result>(text: string, values: readonly unknown[]): Promise<readonly Result[]> {
    try {
      return (await this.#query(text, values)) as readonly Result[];
    } catch (error) {
      // 42P01 is undefined_table.
      if ((error as { code?: unknown } | null)?.code !== "42P01") throw error;
      throw new SessionError(
        "ERR_SESSION_STORE",
        `The table ${this.#table} is missing. Run the SQL that postgresMigration() returns.`,
        { status: 503, cause: error },
      );
    }
  }
}
