export { postgresBackplane, type PostgresBackplaneOptions } from "./live/postgres.ts";
export type { PgClient, PgPool, PostgresClient, PostgresJs } from "./store/postgres-client.ts";
export { postgresMigration, postgresStore, type PostgresStoreOptions } from "./store/postgres.ts";
