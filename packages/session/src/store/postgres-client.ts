/** The part of a node-postgres Pool (`pg`) that the store uses. */
export interface PgPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
  connect(): Promise<PgClient>;
}

/** The part of a client from a node-postgres Pool that the store uses. */
export interface PgClient {
  query(text: string): Promise<unknown>;
  on(event: string, listener: (message: never) => void): unknown;
  release(destroy?: boolean): void;
}

/** The part of the `sql` function of postgres.js that the store uses. */
export interface PostgresJs {
  unsafe(text: string, values: never[]): PromiseLike<ArrayLike<unknown>>;
  listen(
    channel: string,
    onMessage: (payload: string) => void,
    onListen?: () => void,
  ): PromiseLike<{ unlisten(): unknown }>;
}

/** A client of node-postgres or postgres.js, recognized by its methods. */
export type PostgresClient = PgPool | PostgresJs;

/** Runs SQL and returns its rows. */
export type Query = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

/** True for the `sql` of postgres.js. */
export function isPostgresJs(client: PostgresClient): client is PostgresJs {
  const given = client as Partial<PostgresJs> | null | undefined;
  return typeof given?.unsafe === "function" && typeof given.listen === "function";
}

/**
 * Returns a function that runs SQL.
 *
 * @returns `undefined` for a client of neither library
 */
export function queryOf(client: PostgresClient): Query | undefined {
  if (isPostgresJs(client)) {
    return async (text, values) => Array.from(await client.unsafe(text, values as never[]));
  }
  const pool = client as Partial<PgPool> | null | undefined;
  if (typeof pool?.query !== "function" || typeof pool.connect !== "function") return undefined;
  return async (text, values) => (await client.query(text, [...values])).rows;
}
