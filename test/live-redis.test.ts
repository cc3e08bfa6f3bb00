import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SessionOptions } from "../packages/session/src/index.ts";
import { destroy, revokeOthers, update } from "../packages/session/src/index.ts";
import { redisBackplane, redisStore, type RedisClient } from "../packages/session/src/redis.ts";
import { eventually } from "./support/cli.ts";
import { Jar, start } from "./support/jar.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

/** Both clients fit as they are, without a cast. */
const typed = (client: RedisClient) => client;

const succeeds = (action: () => Promise<unknown>) =>
  action().then(
    () => true,
    () => false,
  );

const CLIENTS = {
  ioredis: async (url: string) => {
    const client = new Redis(url);
    client.on("error", () => undefined);
    return { client: typed(client), close: () => client.disconnect() };
  },
  redis: async (url: string) => {
    const client = createClient({ url });
    client.on("error", () => undefined);
    await client.connect();
    return { client: typed(client), close: () => client.destroy() };
  },
};

describe.runIf(available(command("redis-server", "redis-server")))("with a real Redis", () => {
  let server: RedisServer;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(() => server.close());

  let count = 0;

  describe.each(["ioredis", "redis"] as const)("and %s", (name) => {
    /** What stands for a process: connections and sessions of its own. */
    async function makeProcess(prefix: string, options: Partial<SessionOptions> = {}) {
      const { client, close } = await CLIENTS[name](server.url);
      const made = start({
        store: redisStore(client, { prefix }),
        backplane: redisBackplane(client, { channel: prefix }),
        subject: "userId",
        storeTimeout: 5,
        ...options,
      });
      made.sessions.start();
      ends.push(() => {
        made.sessions.stop();
        close();
      });
      return made;
    }

    async function pair(options: Partial<SessionOptions> = {}) {
      const prefix = `{test-${(count += 1)}}:`;
      return [await makeProcess(prefix, options), await makeProcess(prefix, options)] as const;
    }

    const login = (jar: Jar, { sessions }: ReturnType<typeof start>, userId = "ada") =>
      jar.request(sessions, (session) => (session["userId"] = userId));

    it("two processes behave as one", async () => {
      const [one, two] = await pair();
      const jar = new Jar();
      await login(jar, one);
      const socket = await jar.socket(two.sessions);
      await jar.request(one.sessions, (session) => (session["n"] = 1));
      await eventually(() => socket.session["n"] === 1);
      await update(socket.session, (draft) => (draft["m"] = 2));
      await eventually(async () => (await jar.read(one.sessions))["m"] === 2);
      expect(await jar.read(one.sessions)).toEqual({ userId: "ada", n: 1, m: 2 });
      const copy = jar.copy();
      await jar.request(one.sessions, (session) => destroy(session));
      await eventually(() => socket.closed !== undefined);
      expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
      expect(await copy.read(two.sessions)).toEqual({});
    });

    it("works without a backplane, by the store", async () => {
      const [one, two] = await pair({ backplane: undefined });
      const jar = new Jar();
      await login(jar, one);
      const socket = await jar.socket(two.sessions);
      await jar.request(one.sessions, (session) => (session["n"] = 1));
      await eventually(() => socket.session["n"] === 1);
      const other = new Jar();
      await login(other, one);
      await other.request(one.sessions, (session) => revokeOthers(session));
      await eventually(() => socket.closed !== undefined);
      expect(await jar.read(two.sessions)).toEqual({});
      expect(await other.read(two.sessions)).toEqual({ userId: "ada" });
    });

    it("a process that starts later knows the revocations", async () => {
      const [one] = await pair();
      const jars = Array.from({ length: 20 }, () => new Jar());
      for (const jar of jars) await login(jar, one, "eve");
      const copies = jars.map((jar) => jar.copy());
      for (const jar of jars.slice(0, 10)) {
        await jar.request(one.sessions, (session) => destroy(session));
      }
      const late = await makeProcess(`{test-${count}}:`);
      const seen = await Promise.all(copies.map((copy) => copy.read(late.sessions)));
      expect(seen.map((data) => data["userId"])).toEqual([
        ...Array.from({ length: 10 }, () => undefined),
        ...Array.from({ length: 10 }, () => "eve"),
      ]);
    });

    it("keeps large sessions", async () => {
      const [one, two] = await pair({ storage: "store" });
      const jar = new Jar();
      const large = "ü".repeat(200_000);
      await jar.request(one.sessions, (session) => (session["large"] = large));
      const socket = await jar.socket(two.sessions);
      await jar.request(one.sessions, (session) => (session["n"] = 1));
      await eventually(() => socket.session["n"] === 1);
      expect(await jar.read(two.sessions)).toEqual({ large, n: 1 });
    });

    it("a thousand pairs of simultaneous requests lose no change of different keys", async () => {
      const [one, two] = await pair({ storeTimeout: 10 });
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(Array.from({ length: 100 }, () => race(one, two, ["a", "b"])));
      }
      expect([...one.types(), ...two.types()]).not.toContain("conflict");
    });

    it("a thousand pairs that change the same key keep the later change and report every conflict", async () => {
      const [one, two] = await pair({ storeTimeout: 10 });
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(Array.from({ length: 100 }, () => race(one, two, ["a", "a"])));
      }
      const told = [...one.types(), ...two.types()].filter((type) => type === "conflict");
      expect(told).toHaveLength(1000);
    });

    it("while Redis is killed the policy decides, no request hangs, and revocations are kept", async () => {
      const own = await RedisServer.start();
      ends.push(() => own.close());
      const make = (onStoreError: "reject" | "allow") =>
        makeOn(own.url, { onStoreError, subject: "userId" });
      const [strict, loose] = [await make("reject"), await make("allow")];
      const [ended, during, alive] = [new Jar(), new Jar(), new Jar()];
      for (const jar of [ended, during, alive]) await login(jar, strict);
      const copy = ended.copy();
      await ended.request(strict.sessions, (session) => destroy(session));
      await eventually(async () => !("userId" in (await copy.copy().read(loose.sessions))));

      await own.kill();
      // The traffic of an outage: many requests, each answered soon.
      const saved = during.copy();
      const logout = await loose.sessions.open(during.cookie);
      await logout.load();
      destroy(logout.session);
      await during.finish(logout);
      for (let i = 0; i < 200; i += 1) {
        expect((await saved.copy().read(loose.sessions))["userId"]).toBeUndefined();
        expect(await alive.copy().read(loose.sessions)).toEqual({ userId: "ada" });
      }
      await eventually(async () => !(await succeeds(() => alive.copy().read(strict.sessions))));
      await expect(alive.copy().read(strict.sessions)).rejects.toMatchObject({
        code: "ERR_SESSION_STORE",
        status: 503,
      });

      await own.start();
      // What the store could not be told goes into it. Redis itself kept nothing.
      await eventually(() => succeeds(() => alive.copy().read(strict.sessions)));
      const fresh = await make("reject");
      for (const { sessions } of [fresh, strict, loose]) {
        await eventually(async () => !("userId" in (await saved.copy().read(sessions))));
        expect(await alive.copy().read(sessions)).toEqual({ userId: "ada" });
      }
      // The backplane is back as well, without anyone's doing.
      const socket = await alive.copy().socket(loose.sessions);
      await alive.request(strict.sessions, (session) => (session["n"] = 1));
      await eventually(() => socket.session["n"] === 1);
    });

    it("processes that start before Redis find each other when it is there", async () => {
      const own = await RedisServer.start();
      ends.push(() => own.close());
      const made = [];
      if (name === "redis") {
        // This client is handed over connected.
        for (let i = 0; i < 2; i += 1) made.push(await makeOn(own.url));
        await own.kill();
      } else {
        await own.kill();
        for (let i = 0; i < 2; i += 1) made.push(await makeOn(own.url));
      }
      const [one, two] = made as [ReturnType<typeof start>, ReturnType<typeof start>];
      const jar = new Jar();
      await expect(login(jar, one)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
      await own.start();
      await eventually(() => succeeds(() => login(jar, one)));
      await eventually(() => succeeds(() => jar.copy().read(two.sessions)));
      const socket = await jar.copy().socket(two.sessions);
      const change = () => jar.request(one.sessions, (session) => (session["n"] = 1));
      await eventually(() => succeeds(change));
      await eventually(() => socket.session["n"] === 1);
    });

    async function makeOn(url: string, options: Partial<SessionOptions> = {}) {
      const { client, close } = await CLIENTS[name](url);
      const made = start({
        store: redisStore(client),
        backplane: redisBackplane(client),
        storeTimeout: 0.3,
        ...options,
      });
      made.sessions.start();
      ends.push(() => {
        made.sessions.stop();
        close();
      });
      return made;
    }

    it("a Redis that hangs is waited for no longer than it may take", async () => {
      const own = await RedisServer.start();
      ends.push(() => own.close());
      const { client, close } = await CLIENTS[name](own.url);
      const made = start({ store: redisStore(client), storeTimeout: 0.2 });
      ends.push(() => {
        made.sessions.stop();
        close();
      });
      const jar = new Jar();
      await jar.request(made.sessions, (session) => (session["n"] = 1));
      const writing = await jar.open(made.sessions);
      writing.session["n"] = 2;
      own.freeze();
      await expect(writing.commit()).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
      own.thaw();
      const change = () => jar.request(made.sessions, (session) => (session["n"] = 3));
      await eventually(() => succeeds(change));
      expect(await jar.read(made.sessions)).toEqual({ n: 3 });
    });
  });

  /** Two requests of one session at once, in two processes. */
  async function race(
    one: ReturnType<typeof start>,
    two: ReturnType<typeof start>,
    [first, second]: readonly [string, string],
  ): Promise<void> {
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["n"] = 0));
    const a = await jar.open(one.sessions);
    const b = await jar.open(two.sessions);
    a.session[first] = "one";
    b.session[second] = "two";
    const commits = await Promise.all([a.commit(), b.commit()]);
    // A browser keeps the cookie that came last, whichever that is.
    const jars = commits.map(({ setCookie }) => {
      const late = jar.copy();
      late.take(setCookie);
      return late;
    });
    // The other process has heard of it a moment later; what it writes is merged at any time.
    await eventually(async () => {
      const [left, right] = await Promise.all(jars.map((late) => late.copy().read(two.sessions)));
      if (first === second) return left?.[first] === right?.[first] && left?.["n"] === 0;
      const both = [left, right].every((data) => data?.[first] === "one" && data[second] === "two");
      return both && left?.["n"] === 0;
    });
  }
});
