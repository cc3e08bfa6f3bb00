// A move from express-session, with each of its stores: nobody is logged out.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions, memoryStore, type SessionEvent } from "@galleta/session";
import { expressSession } from "@galleta/session/formats/express-session";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listen } from "../adapters/harnesses/listen.ts";
import { ask, Jar } from "../adapters/wire.ts";
import { POSTGRES, PostgresServer } from "../support/postgres.ts";
import { RedisServer } from "../support/redis.ts";
import { available, command } from "../support/require.ts";

const isInstalled = existsSync(new URL("node_modules/connect-redis", import.meta.url));
if (!isInstalled && process.env["CI"] === "true")
  throw new Error("npm run runtimes installs the stores of express-session.");
if (!isInstalled)
  console.warn("skipped: `npm run runtimes` installs the stores of express-session");
const canRun = isInstalled && available(command("redis-server", "redis-server"), POSTGRES);

interface Store {
  get(sid: string, done: (error?: unknown, session?: never) => void): unknown;
}
interface Apps {
  readonly secret: string;
  readonly stores: Record<
    string,
    (places: object) => Promise<{ store: Store; end?: () => unknown }>
  >;
  oldApp(store: Store, more?: object): RequestListener;
  newApp(store: Store, more?: object): RequestListener;
  oldFastifyApp(store: Store): Promise<RequestListener>;
  newFastifyApp(store: Store): Promise<RequestListener>;
}

const USERS = 200;
const NAMES = [
  "express-session's MemoryStore",
  "memorystore",
  "session-file-store",
  "connect-redis",
  "connect-pg-simple",
  "connect-mongo, on a collection in memory",
];

describe.skipIf(!canRun)("a move from express-session", () => {
  const folder = mkdtempSync(join(tmpdir(), "galleta-move-"));
  let redis: RedisServer;
  let postgres: PostgresServer;
  let apps: Apps;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    apps = (await import(
      /* @vite-ignore */ new URL("move-apps.mjs", import.meta.url).href
    )) as Apps;
  }, 120_000);

  afterAll(async () => {
    await Promise.all([redis?.close(), postgres?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (name: string) =>
    apps.stores[name]!({ folder, redisUrl: redis.url, postgresUrl: postgres.url });

  /** Serves an app, asks it, and closes it. */
  async function serve<T>(app: RequestListener, run: (origin: string) => Promise<T>): Promise<T> {
    const running = await listen(createServer(app));
    try {
      return await run(running.origin);
    } finally {
      await running.close();
    }
  }

  const login = (origin: string, user: string, jar: Jar) =>
    ask(origin, `/login?user=${user}`, { jar });

  const rows = [
    ...NAMES.map((name) => ({ name, library: "express-session" })),
    { name: "express-session's MemoryStore", library: "@fastify/session" },
    { name: "connect-redis", library: "@fastify/session" },
  ];
  it.each(rows)(
    "keeps 200 users of $library with $name logged in",
    async ({ name, library }) => {
      const { store, end } = await open(name);
      const isFastify = library === "@fastify/session";
      const oldApp = isFastify ? apps.oldFastifyApp : apps.oldApp;
      const newApp = isFastify ? apps.newFastifyApp : apps.newApp;
      const jars = Array.from({ length: USERS }, () => new Jar());
      await serve(await oldApp(store), async (origin) => {
        for (const [index, jar] of jars.entries()) await login(origin, `user${index}`, jar);
      });
      const seen = await serve(await newApp(store), async (origin) => {
        const users = [];
        for (const jar of jars) {
          const { body, setCookie } = await ask(origin, "/", { jar });
          expect(setCookie).toEqual([expect.stringMatching(/^session=/)]);
          users.push((JSON.parse(body) as { user: string }).user);
        }
        const first = jars[0]!;
        expect(JSON.parse((await ask(origin, "/", { jar: first })).body)).toEqual({
          user: "user0",
          cart: { items: ["user0", 1, null] },
        });
        return users;
      });
      expect(seen).toEqual(jars.map((_, index) => `user${index}`));
      await end?.();
      // From now on the old store is not needed.
      const gone = { get: (_sid: string, done: (error: Error) => void) => done(new Error("gone")) };
      await serve(await newApp(gone as never), async (origin) => {
        for (const [index, jar] of jars.entries()) {
          const { body } = await ask(origin, "/", { jar });
          expect(JSON.parse(body)).toMatchObject({ user: `user${index}` });
        }
      });
    },
    120_000,
  );

  it("a copy of the old cookie is worthless after a logout", async () => {
    const { store } = await open(NAMES[0]!);
    const jar = new Jar();
    await serve(apps.oldApp(store), (origin) => login(origin, "ana", jar));
    const copy = { headers: { cookie: jar.header } };
    await serve(apps.newApp(store), async (origin) => {
      expect((await ask(origin, "/", copy)).body).toContain("ana");
      await ask(origin, "/", { jar });
      const { setCookie } = await ask(origin, "/logout", { jar });
      expect(setCookie.join("\n")).toMatch(/session=;/);
      expect((await ask(origin, "/", copy)).body).toBe("{}");
    });
  });

  it("a copy of the old cookie is worthless after revokeAll", async () => {
    const { store: old } = await open(NAMES[0]!);
    const jar = new Jar();
    await serve(apps.oldApp(old), (origin) => login(origin, "ana", jar));
    const copy = jar.header;
    const sessions = createSessions({
      secretKey: "a secret key of the new app, long enough",
      store: memoryStore(),
      subject: "user",
      formats: [expressSession({ secret: apps.secret, store: old })],
    });
    const userOf = async (cookie: string) => {
      const context = sessions.open(cookie);
      await context.load();
      return (context.session as { user?: string }).user;
    };
    expect(await userOf(copy)).toBe("ana");
    await sessions.revokeAll("ana");
    expect(await userOf(copy)).toBeUndefined();
  });

  it("takes the cookies of every secret in a list, and no forged one", async () => {
    const { store } = await open(NAMES[0]!);
    const jar = new Jar();
    const older = apps.oldApp(store, { secret: "an older secret" });
    await serve(older, (origin) => login(origin, "ana", jar));
    const events: SessionEvent[] = [];
    const app = apps.newApp(store, {
      formats: { secret: [apps.secret, "an older secret"] },
      onEvent: (event: SessionEvent) => events.push(event),
    });
    await serve(app, async (origin) => {
      expect((await ask(origin, "/", { jar })).body).toContain("ana");
      const name = "connect.sid";
      const value = jar.get(name)!;
      const forged = [
        value.replace(/\.(.)/, (_, first) => `.${first === "A" ? "B" : "A"}`),
        value.replace("s%3A", "s%3Ax"),
        value.replace("s%3A", ""),
        value.slice(0, -4),
        "s%3A.",
        "%",
        "",
      ];
      for (const one of forged) {
        const { body, status } = await ask(origin, "/", { headers: { cookie: `${name}=${one}` } });
        expect([one, status, body]).toEqual([one, 200, "{}"]);
      }
    });
    expect(events.filter(({ type }) => type === "migrated")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "rejected").length).toBeGreaterThan(4);
  });

  it("a session that has expired in the old app is not brought back", async () => {
    const store = {
      get: (_sid: string, done: (error: undefined, session: object) => void) =>
        done(undefined, {
          cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() - 1000).toISOString() },
          user: "ana",
        }),
    };
    const { store: real } = await open(NAMES[0]!);
    const jar = new Jar();
    await serve(apps.oldApp(real), (origin) => login(origin, "ana", jar));
    await serve(apps.newApp(store as never), async (origin) => {
      expect((await ask(origin, "/", { jar })).body).toBe("{}");
    });
  });

  it("a store that fails or does not answer gives a 503, and users stay logged in", async () => {
    const { store } = await open(NAMES[0]!);
    const jar = new Jar();
    await serve(apps.oldApp(store), (origin) => login(origin, "ana", jar));
    const fails = { get: (_sid: string, done: (error: Error) => void) => done(new Error("down")) };
    const waits = { get: () => {} };
    for (const down of [fails, waits]) {
      const app = apps.newApp(down as never, { formats: { timeout: 0.05 } });
      await serve(app, async (origin) => {
        const { status, body, setCookie } = await ask(origin, "/", { jar });
        expect({ status, body, setCookie }).toEqual({
          status: 503,
          body: '"ERR_SESSION_STORE"',
          setCookie: [],
        });
      });
    }
    await serve(apps.newApp(store), async (origin) => {
      expect((await ask(origin, "/", { jar })).body).toContain("ana");
    });
  });

  it("a logout with the old store down deletes the old cookie", async () => {
    const { store } = await open(NAMES[0]!);
    const jar = new Jar();
    await serve(apps.oldApp(store), (origin) => login(origin, "ana", jar));
    const fails = { get: (_sid: string, done: (error: Error) => void) => done(new Error("down")) };
    await serve(apps.newApp(fails as never), async (origin) => {
      const { status, setCookie } = await ask(origin, "/logout", { jar });
      expect(status).toBe(200);
      expect(setCookie).toEqual([expect.stringMatching(/^connect\.sid=; /)]);
    });
  });

  it("says what to do if a store of express-session is passed as ours", async () => {
    const { store, end } = await open("connect-redis");
    const options = { secretKey: "a secret key of the new app, long enough", store };
    expect(() => createSessions(options as never)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(/redisStore\(client\).*expressSession/s) as string,
      }),
    );
    expect(() => apps.newApp(store, { store })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
    expect(() => expressSession({ secret: "x", store: memoryStore() as never })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
    expect(() => expressSession({ secret: "", store })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_KEY" }),
    );
    await end?.();
  });
});
