import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Pool } from "pg";
import postgres from "postgres";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  destroy,
  memoryStore,
  renew,
  revokeOthers,
  update,
  type Backplane,
  type ConnectedBackplane,
  type SessionOptions,
  type SessionStore,
} from "@galleta/session";
import { postgresBackplane, postgresMigration, postgresStore } from "@galleta/session/postgres";
import { redisBackplane, redisStore } from "@galleta/session/redis";
import { sqliteStore, type SqliteDatabase } from "@galleta/session/sqlite";
import { storeCases } from "@galleta/session/testing";
import { eventually } from "./support/cli.ts";
import { Jar, start } from "./support/jar.ts";
import { POSTGRES, PostgresServer } from "./support/postgres.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

type Store = NonNullable<SessionOptions["store"]> & SessionStore;

/** Stands for a process: a store with its own connections, and the backplane. */
interface Opened {
  readonly store: Store;
  readonly backplane?: Backplane & ConnectedBackplane;
}

interface Kind {
  readonly name: string;
  readonly isThere: boolean;
  readonly before?: () => Promise<void>;
  readonly open: () => Promise<Opened>;
  readonly after?: () => Promise<void>;
}

const ends: (() => unknown)[] = [];
let redis: RedisServer;
let pg: PostgresServer;
const folder = mkdtempSync(join(tmpdir(), "galleta-stores-"));

const isRedis = available(command("redis-server", "redis-server"));
const isPostgres = available(POSTGRES);
const sqlite = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule?.(
  "node:sqlite",
) as { DatabaseSync: new (path: string) => SqliteDatabase & { close(): void } } | undefined;
const shared = memoryStore();

const KINDS: readonly Kind[] = [
  { name: "memoryStore", isThere: true, open: async () => ({ store: shared }) },
  {
    name: "redisStore with ioredis",
    isThere: isRedis,
    before: async () => void (redis ??= await RedisServer.start()),
    async open() {
      const client = new Redis(redis.url);
      ends.push(() => client.disconnect());
      return { store: redisStore(client), backplane: redisBackplane(client) };
    },
  },
  {
    name: "redisStore with node-redis",
    isThere: isRedis,
    before: async () => void (redis ??= await RedisServer.start()),
    async open() {
      const client = createClient({ url: redis.url });
      client.on("error", () => undefined);
      await client.connect();
      ends.push(() => client.destroy());
      return { store: redisStore(client), backplane: redisBackplane(client) };
    },
  },
  {
    name: "postgresStore with pg",
    isThere: isPostgres,
    before: startPostgres,
    async open() {
      const pool = new Pool({ connectionString: pg.url });
      pool.on("error", () => undefined);
      ends.push(() => pool.end());
      return { store: postgresStore(pool), backplane: postgresBackplane(pool) };
    },
  },
  {
    name: "postgresStore with postgres.js",
    isThere: isPostgres,
    before: startPostgres,
    async open() {
      const sql = postgres(pg.url, { onnotice: () => undefined });
      ends.push(() => sql.end({ timeout: 1 }));
      return { store: postgresStore(sql), backplane: postgresBackplane(sql) };
    },
  },
  {
    name: "sqliteStore with node:sqlite",
    // Node 22.5 and newer. test/stores-databases.test.ts runs it on a Node that has it.
    isThere: sqlite !== undefined,
    async open() {
      const database = new sqlite!.DatabaseSync(join(folder, "sessions.db"));
      ends.push(() => database.close());
      return { store: sqliteStore(database) };
    },
  },
];

async function startPostgres(): Promise<void> {
  if (pg !== undefined) return;
  pg = await PostgresServer.start();
  const pool = new Pool({ connectionString: pg.url });
  await pool.query(postgresMigration());
  await pool.end();
}

// PostgreSQL takes a hundred connections, and a pool opens ten.
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await redis?.close();
  await pg?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(KINDS.filter(({ isThere }) => isThere))("$name", ({ before, open }) => {
  beforeAll(async () => before?.());

  it.each(storeCases(async () => (await open()).store))("$name", ({ run }) => run());

  async function pair(options: Partial<SessionOptions> = {}) {
    const make = async () => {
      const made = start({ ...(await open()), subject: "userId", storeTimeout: 10, ...options });
      ends.push(() => made.sessions.stop());
      return made;
    };
    return [await make(), await make()] as const;
  }

  const login = (jar: Jar, { sessions }: ReturnType<typeof start>, userId: string) =>
    jar.request(sessions, (session) => {
      renew(session);
      session["userId"] = userId;
    });

  it("two processes behave as one", async () => {
    const [one, two] = await pair();
    const user = `ada-${Date.now()}`;
    const jar = new Jar();
    await login(jar, one, user);
    const socket = await jar.socket(two.sessions);
    await jar.request(one.sessions, (session) => (session["n"] = 1));
    await eventually(() => socket.session["n"] === 1);
    await update(socket.session, (draft) => void (draft["m"] = 2));
    await eventually(async () => (await jar.read(one.sessions))["m"] === 2);
    const copy = jar.copy();
    await jar.request(one.sessions, (session) => destroy(session));
    await eventually(() => socket.closed !== undefined);
    expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
    await eventually(async () => !("userId" in (await copy.copy().read(two.sessions))));
  });

  it("revokeOthers and revokeAll close sockets of another process", async () => {
    const [one, two] = await pair({ storage: "store" });
    const user = `bob-${Date.now()}`;
    const [here, there] = [new Jar(), new Jar()];
    await login(here, one, user);
    await login(there, two, user);
    const sockets = [await here.socket(two.sessions), await there.socket(two.sessions)];
    await here.request(one.sessions, (session) => revokeOthers(session));
    await eventually(() => sockets[1]!.closed !== undefined);
    expect(await here.read(two.sessions)).toEqual({ userId: user });
    await one.sessions.revokeAll(user);
    await eventually(() => sockets[0]!.closed !== undefined);
    await eventually(async () => !("userId" in (await here.copy().read(two.sessions))));
    // A later login is not affected.
    const after = new Jar();
    await login(after, two, user);
    expect(await after.read(one.sessions)).toEqual({ userId: user });
  });

  it("a handle closes the session's sockets in another process", async () => {
    const [one, two] = await pair();
    const user = `carl-${Date.now()}`;
    const [first, second] = [new Jar(), new Jar()];
    await login(first, one, user);
    await login(second, two, user);
    const sockets = [await first.socket(two.sessions), await second.socket(two.sessions)];
    const current = (await first.open(one.sessions)).session;
    const mine = (await one.sessions.list(current)).find((each) => each.current);
    expect(await one.sessions.end(mine!.handle)).toBe(true);
    await eventually(() => sockets[0]!.closed !== undefined);
    expect(sockets[1]!.closed).toBeUndefined();
  });

  it("20,000 overlapping operations lose nothing, and bring no session back", async () => {
    const [one, two] = await pair({ storage: "store" });
    const SESSIONS = 100;
    const ROUNDS = 100;
    const jars = Array.from({ length: SESSIONS }, () => new Jar());
    await Promise.all(jars.map((jar, i) => login(jar, one, `user-${i}`)));
    const copies = jars.map((jar) => jar.copy());
    // Each round is a read and a change of every session: 20,000 in all, in both processes.
    const work = jars.map(async (jar, i) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { sessions } = (i + round) % 2 === 0 ? one : two;
        await jar.request(sessions, (session) => {
          session["n"] = Number(session["n"] ?? 0) + 1;
        });
      }
    });
    await Promise.all(work);
    const ended = jars.filter((_, i) => i % 2 === 0);
    await Promise.all(
      ended.map(async (jar) => {
        const late = await jar.copy().open(two.sessions);
        late.session["late"] = true;
        await jar.copy().request(one.sessions, (session) => destroy(session));
        await late.commit();
      }),
    );
    for (const [i, jar] of jars.entries()) {
      const expected = i % 2 === 0 ? {} : { userId: `user-${i}`, n: ROUNDS };
      expect(await jar.read(one.sessions)).toEqual(expected);
    }
    const { sessions } = (await pair({ storage: "store" }))[0];
    for (const [i, copy] of copies.entries()) {
      if (i % 2 === 0) expect(await copy.read(sessions)).toEqual({});
    }
    expect([...one.types(), ...two.types()]).not.toContain("conflict");
  }, 240_000);
});

describe.runIf(isPostgres)("postgresStore", () => {
  it("names the missing table and the function that creates it", async () => {
    await startPostgres();
    const pool = new Pool({ connectionString: pg.url });
    ends.push(() => pool.end());
    const store = postgresStore(pool, { table: "elsewhere" });
    await expect(store.get(["s:a"])).rejects.toThrow(/elsewhere is missing.*postgresMigration/);
    await pool.query(postgresMigration("elsewhere"));
    expect(await store.get(["s:a"])).toEqual([undefined]);
  });

  it("keeps acknowledged writes when the server is killed, and sockets follow again", async () => {
    const own = await PostgresServer.start();
    ends.push(() => own.close());
    const pool = new Pool({ connectionString: own.url });
    pool.on("error", () => undefined);
    ends.push(() => pool.end());
    await pool.query(postgresMigration());
    const options = { store: postgresStore(pool), backplane: postgresBackplane(pool) };
    const [one, two] = [start(options), start(options)];
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["n"] = 1));
    const ended = new Jar();
    await ended.request(one.sessions, (session) => (session["n"] = 1));
    const copy = ended.copy();
    await ended.request(one.sessions, (session) => destroy(session));
    const socket = await jar.socket(two.sessions);
    await own.kill();
    await expect(
      jar.copy().request(one.sessions, (session) => (session["n"] = 2)),
    ).rejects.toThrow();
    await own.start();
    await eventually(async () => {
      await jar.request(one.sessions, (session) => (session["n"] = 3)).catch(() => undefined);
      return socket.session["n"] === 3;
    });
    expect(await copy.read(two.sessions)).toEqual({});
    for (const { sessions } of [one, two]) sessions.stop();
  });
});
