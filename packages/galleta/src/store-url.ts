import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Secret, type CreateSessionsOptions } from "@galleta/session";
import type * as postgresEntry from "@galleta/session/postgres";
import type * as redisEntry from "@galleta/session/redis";
import type * as sqliteEntry from "@galleta/session/sqlite";
import { SettingsError } from "./errors.ts";

/** The session options for a store URL, and a function that closes the connections. */
interface OpenedStore {
  readonly options: Pick<CreateSessionsOptions, "store" | "backplane">;
  readonly close: () => unknown;
}

// Loads only the store that the URL names. `configure` is synchronous, and Node can require modules
// synchronously.
const own = createRequire(import.meta.url);

/**
 * Opens the store that a URL names, with a driver from the app's own dependencies.
 *
 * @param setting the value of `SESSIONS.store`
 * @returns `undefined` if the setting is a store instead of a URL
 * @throws SettingsError `ERR_GALLETA_SETTINGS` if the URL does not name a store, or its driver is
 *   missing
 */
export function openStoreUrl(setting: unknown): OpenedStore | undefined {
  const url = setting instanceof Secret ? setting.reveal() : setting;
  if (typeof url !== "string") return undefined;
  const scheme = /^([a-z]+):/.exec(url)?.[1];
  switch (scheme) {
    case "sqlite":
      return openSqlite(url.slice("sqlite:".length));
    case "redis":
    case "rediss":
      return openRedis(url);
    case "postgres":
    case "postgresql":
      return openPostgres(url);
    default:
      throw unusable(
        "must begin with sqlite:, redis://, rediss:// or postgres://, such as sqlite:./sessions.db.",
      );
  }
}

function openSqlite(file: string): OpenedStore {
  if (file === "") throw unusable("names no file. Write sqlite:./sessions.db.");
  const database = openDatabase(file === ":memory:" ? file : resolve(file));
  const { sqliteStore } = own("@galleta/session/sqlite") as typeof sqliteEntry;
  return { options: { store: sqliteStore(database) }, close: () => database.close() };
}

type Database = sqliteEntry.SqliteDatabase & { close(): unknown };
type DatabaseClass = new (file: string) => Database;

function openDatabase(file: string): Database {
  const { Database, DatabaseSync } = sqliteDriver();
  const Class = DatabaseSync ?? Database;
  if (Class === undefined) throw missing("better-sqlite3@12", ", or use Node 22.13 or newer");
  try {
    return new Class(file);
  } catch (cause) {
    throw unusable("names a file that SQLite cannot open. Create its folder first.", cause);
  }
}

function sqliteDriver(): { Database?: DatabaseClass; DatabaseSync?: DatabaseClass } {
  if ("Bun" in globalThis) return own("bun:sqlite") as { Database: DatabaseClass };
  // Available from Node 22.5 on.
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  const builtIn = getBuiltinModule?.("node:sqlite") as { DatabaseSync: DatabaseClass } | undefined;
  if (builtIn !== undefined) return builtIn;
  const found = driver("better-sqlite3");
  return found === undefined ? {} : { Database: found as DatabaseClass };
}

function openRedis(url: string): OpenedStore {
  const client = redisClient(url);
  // Without a listener, this event would end the process. The session event `store` reports
  // failures.
  client.on("error", () => undefined);
  const { redisBackplane, redisStore } = own("@galleta/session/redis") as typeof redisEntry;
  return {
    options: { store: redisStore(client as never), backplane: redisBackplane(client as never) },
    close: () => (client.quit === undefined ? client.destroy?.() : client.quit()),
  };
}

interface RedisDriver {
  on(event: string, listener: () => void): unknown;
  quit?(): unknown;
  destroy?(): unknown;
}

function redisClient(url: string): RedisDriver {
  const io = driver("ioredis") as
    | { Redis: new (url: string, options: object) => RedisDriver }
    | undefined;
  // Connects with the first command, so that loading the app alone opens no connection.
  if (io !== undefined) return new io.Redis(url, { lazyConnect: true });
  const node = driver("redis") as
    | { createClient(options: object): RedisDriver & { connect(): Promise<unknown> } }
    | undefined;
  if (node === undefined) throw missing("ioredis", ", or `npm i redis`");
  const client = node.createClient({ url });
  client.on("error", () => undefined);
  client.connect().catch(() => undefined);
  return client;
}

function openPostgres(url: string): OpenedStore {
  const { postgresBackplane, postgresStore } = own(
    "@galleta/session/postgres",
  ) as typeof postgresEntry;
  const { client, close } = postgresClient(url);
  return { options: { store: postgresStore(client), backplane: postgresBackplane(client) }, close };
}

type PostgresClient = Parameters<typeof postgresEntry.postgresStore>[0];

function postgresClient(url: string): { client: PostgresClient; close: () => unknown } {
  const pg = driver("pg") as
    | { Pool: new (options: object) => RedisDriver & { end(): unknown } }
    | undefined;
  if (pg !== undefined) {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => undefined);
    return { client: pool as never, close: () => pool.end() };
  }
  const postgres = driver("postgres") as
    | ((url: string) => { end(options: object): unknown })
    | undefined;
  if (postgres === undefined) throw missing("pg", ", or `npm i postgres`");
  const sql = postgres(url);
  return { client: sql as never, close: () => sql.end({ timeout: 1 }) };
}

/**
 * Loads a database driver from the dependencies of the app or of galleta; `undefined` if none has
 * it.
 */
function driver(name: string): unknown {
  for (const load of [createRequire(join(process.cwd(), "package.json")), own]) {
    try {
      return load(name);
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      if (code !== "MODULE_NOT_FOUND" || !String(message).includes(`'${name}'`)) {
        throw unusable(`needs the package ${name}, but the package cannot be loaded.`, error);
      }
    }
  }
  return undefined;
}

function missing(name: string, instead: string): SettingsError<"ERR_GALLETA_SETTINGS"> {
  return unusable(`needs a driver among the app's dependencies. Run \`npm i ${name}\`${instead}.`);
}

/**
 * Makes the error for a store URL that cannot be used. The message does not repeat the URL, because
 * it may contain a password.
 */
function unusable(what: string, cause?: unknown): SettingsError<"ERR_GALLETA_SETTINGS"> {
  const options = cause === undefined ? {} : { cause };
  return new SettingsError(
    "ERR_GALLETA_SETTINGS",
    `SESSIONS: the URL in \`store\` ${what}`,
    options,
  );
}
