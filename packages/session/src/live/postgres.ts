import { optionError } from "../errors.ts";
import type { ConnectedBackplane } from "../session/connect.ts";
import {
  isPostgresJs,
  queryOf,
  type PgClient,
  type PgPool,
  type PostgresClient,
  type PostgresJs,
} from "../store/postgres-client.ts";
import { background } from "../timer.ts";
import type { Backplane } from "./backplane.ts";
import { sessionBackplane } from "./session-backplane.ts";

/** Options of {@link postgresBackplane}. */
export interface PostgresBackplaneOptions {
  /**
   * The start of the names of the channels in PostgreSQL. A number from 0 to 1024 follows, because
   * each channel is for a part of the sessions. Default `galleta_session`.
   */
  readonly channel?: string;
}

const RETRY_MS = 1000;

/**
 * A backplane over LISTEN and NOTIFY of PostgreSQL. A process takes one connection of the pool, and
 * only while it has open sockets. Use it with `postgresStore`: without a store, messages contain
 * the session data, and NOTIFY takes at most 8,000 bytes.
 *
 * @param client a client that `postgresStore` accepts
 * @throws SessionError `ERR_SESSION_OPTION` if the client is neither of pg nor of postgres.js
 * @example
 * ```ts
 * // const pool = new Pool({ connectionString: url }), of pg
 * createSessions({ secretKey, store: postgresStore(pool), backplane: postgresBackplane(pool) });
 * ```
 */
export function postgresBackplane(
  client: PostgresClient,
  { channel = "galleta_session" }: PostgresBackplaneOptions = {},
): Backplane & ConnectedBackplane {
  const query = queryOf(client);
  if (query === undefined) {
    throw optionError("postgresBackplane needs a Pool of pg, or the sql of postgres.js.");
  }
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(channel)) {
    throw optionError("channel must be a plain name in lower case.");
  }
  const nameOf = (bucket: number) => `${channel}_${bucket}`;
  let listener: PgListener | PostgresJsListener | undefined;
  return sessionBackplane({
    publish: (message, bucket) => query("SELECT pg_notify($1, $2)", [nameOf(bucket), message]),
    subscribe(onMessage, onGap) {
      listener = isPostgresJs(client)
        ? new PostgresJsListener(client, onMessage, onGap)
        : new PgListener(client, onMessage, onGap);
    },
    follow: (bucket) => listener?.follow(nameOf(bucket)),
    unfollow: (bucket) => listener?.unfollow(nameOf(bucket)),
    async close() {
      await listener?.close();
      listener = undefined;
    },
  });
}

/** Listens with postgres.js, which has its own connection for LISTEN and reconnects by itself. */
class PostgresJsListener {
  readonly #sql: PostgresJs;
  readonly #onMessage: (message: string) => void;
  readonly #onGap: () => void;
  readonly #listening = new Map<string, PromiseLike<{ unlisten(): unknown }>>();

  constructor(sql: PostgresJs, onMessage: (message: string) => void, onGap: () => void) {
    this.#sql = sql;
    this.#onMessage = onMessage;
    this.#onGap = onGap;
  }

  async follow(name: string): Promise<void> {
    let isFirst = true;
    const onListen = () => {
      if (!isFirst) this.#onGap();
      isFirst = false;
    };
    const listening = this.#sql.listen(name, this.#onMessage, onListen);
    this.#listening.set(name, listening);
    await listening;
  }

  async unfollow(name: string): Promise<void> {
    const listening = this.#listening.get(name);
    this.#listening.delete(name);
    await (await listening)?.unlisten();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listening.keys()].map((name) => this.unfollow(name)));
  }
}

/** Listens on a connection of a node-postgres Pool. If the connection breaks, takes a new one. */
class PgListener {
  readonly #pool: PgPool;
  readonly #onMessage: (message: string) => void;
  readonly #onGap: () => void;
  readonly #names = new Set<string>();
  #client: Promise<PgClient> | undefined;

  constructor(pool: PgPool, onMessage: (message: string) => void, onGap: () => void) {
    this.#pool = pool;
    this.#onMessage = onMessage;
    this.#onGap = onGap;
  }

  async follow(name: string): Promise<void> {
    this.#names.add(name);
    const isNew = this.#client === undefined;
    const client = await this.#connect();
    // A new connection already listens to all names.
    if (!isNew) await client.query(`LISTEN ${name}`);
  }

  async unfollow(name: string): Promise<void> {
    this.#names.delete(name);
    if (this.#names.size === 0) return this.close();
    await (await this.#client)?.query(`UNLISTEN ${name}`);
  }

  async close(): Promise<void> {
    const open = this.#client;
    this.#client = undefined;
    this.#names.clear();
    // The connection still listens, so it must be closed instead of going back into the pool.
    (await open?.catch(() => undefined))?.release(true);
  }

  #connect(): Promise<PgClient> {
    this.#client ??= this.#open();
    return this.#client;
  }

  async #open(): Promise<PgClient> {
    try {
      const client = await this.#pool.connect();
      client.on("notification", ({ payload }: { payload?: string }) => {
        this.#onMessage(payload ?? "");
      });
      client.on("error", () => this.#reopen(client));
      client.on("end", () => this.#reopen(undefined));
      for (const name of this.#names) await client.query(`LISTEN ${name}`);
      return client;
    } catch (error) {
      this.#reopen(undefined);
      throw error;
    }
  }

  #reopen(broken: PgClient | undefined): void {
    if (this.#client === undefined) return;
    this.#client = undefined;
    broken?.release(true);
    background(
      setTimeout(() => {
        if (this.#names.size === 0 || this.#client !== undefined) return;
        this.#connect().then(this.#onGap, () => undefined);
      }, RETRY_MS),
    );
  }
}
