import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, Jar } from "./adapters/wire.ts";
import { CliBench, type CliRun, eventually, SECRET_KEY } from "./support/cli.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

// The built program in processes of their own, which share one Redis: what one process may remember must
// never be served instead of what another one wrote.

const APP = `
import { App, configure, destroy } from "galleta";
import { Redis } from "ioredis";
import { Keyv } from "keyv";
import { redisStore } from "@galleta/session/redis";
const { KIND, REDIS_URL = "", SECRET_KEY, STORAGE } = process.env;
const client = new Redis(REDIS_URL);
client.on("error", () => undefined);
const keyv = () => new Keyv({
  store: {
    get: (key: string) => client.get(key),
    set: (key: string, value: string, ms: number) => client.set(key, value, "PX", ms),
    delete: async (key: string) => (await client.del(key)) === 1,
    clear: () => Promise.reject(new Error("never cleared")),
  },
});
const app = new App<{ n: number; admin: boolean; late: boolean }>();
configure(app, {
  SESSIONS: {
    secretKey: SECRET_KEY,
    store: KIND === "keyv" ? keyv() : redisStore(client),
    storage: STORAGE,
    storeTimeout: 10,
    onEvent() {},
  },
});
const POST = { methods: ["POST"] };
app.route("/session", (req, res) => { res.json = { ...req.session }; });
app.route("/add", POST, (req, res) => {
  req.session.n = (req.session.n ?? 0) + 1;
  res.json = null;
});
app.route("/admin/:is", POST, (req, res) => {
  req.session.admin = req.params.is === "true";
  res.json = null;
});
app.route("/logout", POST, (req, res) => {
  destroy(req.session);
  res.json = null;
});
const waiting: (() => void)[] = [];
app.route("/late", POST, async (req, res) => {
  req.session.late = true;
  await new Promise<void>((resolve) => waiting.push(resolve));
  res.json = null;
});
app.route("/waiting", (_req, res) => { res.json = waiting.length; });
app.route("/release", POST, (_req, res) => {
  for (const resolve of waiting.splice(0)) resolve();
  res.json = null;
});
export default app;
`;

const TRIES = 30;
const KINDS = [
  ["redisStore and the data in it", "redis", "store"],
  ["redisStore and the data in the cookie", "redis", "cookie"],
  ["Keyv and the data in the cookie", "keyv", "cookie"],
] as const;

describe.runIf(available(command("redis-server", "redis-server")))(
  "processes that share Redis",
  () => {
    let bench: CliBench;
    let redis: RedisServer;
    beforeAll(async () => {
      bench = new CliBench();
      redis = await RedisServer.start();
    });
    afterAll(async () => {
      await bench.end();
      await redis.close();
    });

    describe.each(KINDS)("with %s", (_name, kind, storage) => {
      let one: CliRun & { readonly url: string };
      let two: CliRun & { readonly url: string };
      const serve = () =>
        bench.serve([bench.file("app.ts", APP)], {
          env: { SECRET_KEY, REDIS_URL: redis.url, KIND: kind, STORAGE: storage },
        });
      beforeAll(async () => {
        [one, two] = await Promise.all([serve(), serve()]);
      });
      afterAll(() => bench.killAll());

      const post = async (url: string, path: string, jar: Jar) =>
        expect((await ask(url, path, { method: "POST", jar })).status).toBe(200);
      const read = async (url: string, cookie: string) =>
        JSON.parse((await ask(url, "/session", { headers: { cookie } })).body) as object;

      it("twenty increments by turns lose none", async () => {
        const jar = new Jar();
        for (let i = 0; i < 20; i += 1) await post([one, two][i % 2]!.url, "/add", jar);
        expect(await read(one.url, jar.header)).toEqual({ n: 20 });
      });

      it("a right that one withdraws is gone in the other with the next cookie", async () => {
        const jar = new Jar();
        await post(two.url, "/admin/true", jar);
        expect(await read(two.url, jar.header)).toEqual({ admin: true });
        await post(one.url, "/admin/false", jar);
        expect(await read(two.url, jar.header)).toEqual({ admin: false });
      });

      it("a cookie from before a change shows the change, in a process that starts later too", async () => {
        const jar = new Jar();
        await post(one.url, "/admin/true", jar);
        const before = jar.header;
        await post(one.url, "/admin/false", jar);
        const later = await serve();
        expect(await read(later.url, before)).toEqual({ admin: false });
        await eventually(async () => {
          const data = await read(two.url, before);
          return "admin" in data && data.admin === false;
        });
        await later.kill();
      });

      it(`of ${TRIES} writes in flight in one, none brings back what the other ends`, async () => {
        const jars = Array.from({ length: TRIES }, () => new Jar());
        for (const jar of jars) await post(one.url, "/add", jar);
        const copies = jars.map(({ header }) => header);
        const lates = copies.map((cookie) =>
          ask(two.url, "/late", { method: "POST", headers: { cookie } }),
        );
        await eventually(async () => (await ask(two.url, "/waiting")).body === `${TRIES}`);
        for (const jar of jars) await post(one.url, "/logout", jar);
        await post(two.url, "/release", new Jar());
        for (const late of await Promise.all(lates)) {
          expect(late.status).toBe(200);
          const browser = new Jar();
          browser.take(late.setCookie);
          for (const { url } of [one, two]) expect(await read(url, browser.header)).toEqual({});
        }
        // A process may answer from what it asked a second ago, and no longer.
        for (const copy of copies) {
          for (const { url } of [one, two]) {
            await eventually(async () => Object.keys(await read(url, copy)).length === 0);
          }
        }
      });
    });
  },
);
