import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { destroy, renew, revokeOthers, type SessionOptions } from "@galleta/session";
import { redisBackplane, redisStore, type RedisClient } from "@galleta/session/redis";
import { storeCases } from "@galleta/session/testing";
import { eventually } from "./support/cli.ts";
import { Jar, start } from "./support/jar.ts";
import { RedisCluster, RedisSentinel } from "./support/redis-fleet.ts";
import { REDIS_VERSIONS, type RedisVersion } from "./support/redis-versions.ts";
import { RedisServer } from "./support/redis.ts";

const ends: (() => unknown)[] = [];
const quiet = <Client extends { on(event: "error", listener: () => void): unknown }>(
  client: Client,
) => {
  client.on("error", () => undefined);
  return client;
};

let server: RedisServer;
let cluster: RedisCluster;
let sentinel: RedisSentinel;

/** Every common client, without a cast. */
const CLIENTS: Record<string, () => Promise<RedisClient>> = {
  "ioredis with keyPrefix and lazyConnect": async () => {
    const client = quiet(new Redis(server.url, { keyPrefix: "app:", lazyConnect: true }));
    ends.push(() => client.disconnect());
    return client;
  },
  "ioredis Cluster": async () => {
    const client = quiet(new Cluster(cluster.ports.map((port) => ({ host: "127.0.0.1", port }))));
    ends.push(() => client.disconnect());
    return client;
  },
  "ioredis Cluster with sharded subscribers": async () => {
    const nodes = cluster.ports.map((port) => ({ host: "127.0.0.1", port }));
    const client = quiet(new Cluster(nodes, { shardedSubscribers: true }));
    ends.push(() => client.disconnect());
    return client;
  },
  "ioredis Sentinel": async () => {
    const sentinels = [{ host: "127.0.0.1", port: sentinel.sentinel.port }];
    const client = quiet(new Redis({ sentinels, name: "fleet" }));
    ends.push(() => client.disconnect());
    return client;
  },
  "node-redis client": async () => {
    const client = await quiet(createClient({ url: server.url })).connect();
    ends.push(() => client.destroy());
    return client;
  },
  "node-redis pool": async () => {
    const pool = quiet(createClientPool({ url: server.url }));
    await pool.connect();
    ends.push(() => pool.destroy());
    return pool;
  },
  "node-redis cluster": async () => {
    const rootNodes = cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
    const client = quiet(createCluster({ rootNodes }));
    await client.connect();
    ends.push(() => client.destroy());
    return client;
  },
  "node-redis sentinel": async () => {
    const sentinelRootNodes = [{ host: "127.0.0.1", port: sentinel.sentinel.port }];
    const client = quiet(createSentinel({ name: "fleet", sentinelRootNodes }));
    await client.connect();
    ends.push(() => client.destroy());
    return client;
  },
};

/** The session id of a cookie, as keys of the store have it. */
const idOf = ({ cookie }: Jar) => {
  const token = Buffer.from(cookie.slice(cookie.indexOf("=") + 1), "base64url");
  return token.subarray(18, 34).toString("base64url");
};

const login = (jar: Jar, { sessions }: ReturnType<typeof start>, userId: string) =>
  jar.request(sessions, (session) => {
    renew(session);
    session["userId"] = userId;
  });

function process(client: RedisClient, options: Partial<SessionOptions> = {}) {
  const made = start({
    store: redisStore(client),
    backplane: redisBackplane(client),
    subject: "userId",
    storeTimeout: 5,
    ...options,
  });
  made.sessions.start();
  ends.push(() => made.sessions.stop());
  return made;
}

for (const version of REDIS_VERSIONS) {
  describe.runIf(version.isAvailable())(`${version.name} as people run it`, () => suite(version));
}

function suite(version: RedisVersion) {
  beforeAll(async () => {
    server = await RedisServer.start(version);
    cluster = await RedisCluster.start(version);
    sentinel = await RedisSentinel.start(version);
  }, 120_000);
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  afterAll(async () => {
    await server?.close();
    await cluster?.close();
    await sentinel?.close();
  });

  describe.each(Object.entries(CLIENTS))("%s", (_name, open) => {
    it.each(storeCases(async () => redisStore(await open())))("$name", ({ run }) => run());

    it("two processes behave as one, and a change reaches the socket of the other", async () => {
      const [one, two] = [process(await open()), process(await open())];
      const user = `ada-${Math.random()}`;
      const [jar, other] = [new Jar(), new Jar()];
      await login(jar, one, user);
      await login(other, one, user);
      const socket = await jar.socket(two.sessions);
      const loser = await other.socket(two.sessions);
      await eventually(async () => {
        await jar.request(
          one.sessions,
          (session) => (session["n"] = Number(session["n"] ?? 0) + 1),
        );
        return socket.changes > 0;
      });
      await jar.request(one.sessions, (session) => revokeOthers(session));
      await eventually(() => loser.closed !== undefined);
      const copy = jar.copy();
      await jar.request(two.sessions, (session) => destroy(session));
      expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
      await eventually(async () => !("userId" in (await copy.copy().read(one.sessions))));
    });
  });

  it("a Cluster's masters share the work", async () => {
    for (const master of cluster.masters) master.ask("config", "resetstat");
    const made = process(await CLIENTS["ioredis Cluster"]!(), { storage: "store" });
    for (let i = 0; i < 300; i += 1) {
      const jar = new Jar();
      await login(jar, made, `user-${i}`);
      await jar.request(made.sessions, (session) => (session["n"] = 1));
      if (i % 3 === 0) await jar.request(made.sessions, (session) => destroy(session));
    }
    const counts = cluster.masters.map((master) =>
      [
        ...master
          .ask("info", "commandstats")
          .matchAll(/cmdstat_(?:get|mget|set|append|evalsha):calls=(\d+)/g),
      ]
        .map(([, calls]) => Number(calls))
        .reduce((sum, calls) => sum + calls, 0),
    );
    const all = counts.reduce((sum, calls) => sum + calls, 0);
    for (const calls of counts) {
      expect(calls / all).toBeGreaterThan(0.25);
      expect(calls / all).toBeLessThan(0.5);
    }
  });

  it("a policy that evicts is reported at start", async () => {
    const own = await RedisServer.start(version);
    ends.push(() => own.close());
    const client = quiet(new Redis(own.url));
    ends.push(() => client.disconnect());
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    const made = process(client);
    await eventually(() => made.events.some(({ reason }) => reason === "eviction: allkeys-lru"));
    await client.config("SET", "maxmemory-policy", "noeviction");
    const calm = process(client);
    await calm.sessions.revokeAll("nobody");
    expect(calm.types()).not.toContain("store");
  });

  it("an eviction affects only the evicted sessions, even in a process that starts later", async () => {
    const own = await RedisServer.start(version);
    ends.push(() => own.close());
    const client = quiet(new Redis(own.url));
    ends.push(() => client.disconnect());
    const [cookies, stores] = [process(client), process(client, { storage: "store" })];
    const copies: Jar[] = [];
    for (let i = 0; i < 100; i += 1) {
      const made = i % 2 === 0 ? cookies : stores;
      const jar = new Jar();
      await jar.request(made.sessions, (session) => (session["text"] = "x".repeat(500)));
      copies.push(jar.copy());
      await jar.request(made.sessions, (session) => destroy(session));
    }
    await client.config("SET", "maxmemory-policy", "allkeys-random");
    const used = Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
    await client.config("SET", "maxmemory", `${used + 20_000}`);
    for (let i = 0; i < 100; i += 1) await client.set(`junk-${i}`, "x".repeat(2000));
    await client.config("SET", "maxmemory", "0");
    const later = [process(client), process(client, { storage: "store" })];
    let evicted = 0;
    for (const [i, copy] of copies.entries()) {
      const { sessions } = later[i % 2]!;
      const id = sessions.open(copy.cookie);
      await id.load();
      const isBack = "text" in id.session;
      // Every key of a session has its own end; what is gone is gone for that session alone.
      const keys = await client.keys(`galleta:{${idOf(copy)}}:*`);
      if (keys.length === 0) evicted += 1;
      expect(isBack).toBe(i % 2 === 0 && keys.length === 0);
    }
    expect(evicted).toBeGreaterThan(0);
    expect(evicted).toBeLessThan(100);
  });

  it("a cold start answers after one look-up", async () => {
    const jar = new Jar();
    const store = redisStore(await CLIENTS["node-redis client"]!());
    const warm = start({ store, subject: "userId", storeTimeout: 5 });
    await login(jar, warm, "ada");
    const client = await quiet(createClient({ url: server.url })).connect();
    ends.push(() => client.destroy());
    await client.configResetStat();
    const cold = start({ store: redisStore(client), subject: "userId", storeTimeout: 5 });
    expect(await jar.read(cold.sessions)).toEqual({ userId: "ada" });
    const stats = await client.info("commandstats");
    const sent = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)];
    // INFO asks for the policy of eviction, and the request does not wait for it. CONFIG is this test's own.
    const lookups = sent.filter(([, name = ""]) => !["info", "config"].includes(name));
    expect(lookups.map(([, name, calls]) => `${name} ${calls}`)).toEqual(["mget 1"]);
  });

  it.each(["ioredis Sentinel", "node-redis sentinel", "ioredis Cluster", "node-redis cluster"])(
    "with %s an end waits for a replica, with the option wait",
    async (name) => {
      const client = await CLIENTS[name]!();
      const made = process(client, {
        store: redisStore(client, { wait: { replicas: 1, timeout: 2000 } }),
      });
      const jar = new Jar();
      await login(jar, made, "ada");
      const copy = jar.copy();
      await jar.request(made.sessions, (session) => destroy(session));
      expect(await copy.read(made.sessions)).toEqual({});
      const many = process(client, {
        store: redisStore(client, { wait: { replicas: 5, timeout: 50 } }),
      });
      const again = new Jar();
      await again.request(many.sessions, (session) => (session["n"] = 1));
      const ending = again.request(many.sessions, (session) => destroy(session));
      await expect(ending).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    },
  );

  it("FLUSHALL ends sessions whose data was there, in every process", async () => {
    const own = await RedisServer.start(version);
    ends.push(() => own.close());
    const client = quiet(new Redis(own.url));
    ends.push(() => client.disconnect());
    const [one, two] = [
      process(client, { storage: "store" }),
      process(client, { storage: "store" }),
    ];
    const jar = new Jar();
    await login(jar, one, "ada");
    expect(await jar.copy().read(two.sessions)).toEqual({ userId: "ada" });
    await client.flushall();
    for (const { sessions } of [one, two]) {
      await eventually(async () => !("userId" in (await jar.copy().read(sessions))));
    }
    // No process writes anything back.
    expect(await client.dbsize()).toBe(0);
  });

  it("a process without sockets gets no messages, and asks nothing", async () => {
    const client = quiet(new Redis(server.url));
    const idleClient = quiet(new Redis(server.url));
    ends.push(
      () => client.disconnect(),
      () => idleClient.disconnect(),
    );
    const busy = process(client);
    process(idleClient);
    await idleClient.ping();
    const { stream } = idleClient as unknown as { stream: { bytesRead: number } };
    // Until the check of the memory policy is over.
    let before = -1;
    await eventually(async () => {
      const last = before;
      before = stream.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return last === before && before === stream.bytesRead;
    });
    const jar = new Jar();
    for (let i = 0; i < 100; i += 1) {
      await jar.request(busy.sessions, (session) => (session["n"] = i));
    }
    await client.ping();
    expect(stream.bytesRead).toBe(before);
    const list = String(await client.client("LIST"));
    expect(list).not.toMatch(/ sub=[1-9]| ssub=[1-9]/);
  });

  it("a failover with a lagging replica loses only unreplicated writes, and every process sees the new master's writes", async () => {
    const own = await RedisSentinel.start(version);
    ends.push(() => own.close());
    const sentinels = [{ host: "127.0.0.1", port: own.sentinel.port }];
    const open = () => {
      const client = quiet(new Redis({ sentinels, name: "fleet" }));
      ends.push(() => client.disconnect());
      return process(client, { storeTimeout: 1 });
    };
    const [one, two] = [open(), open()];
    const jars = Array.from({ length: 6 }, () => new Jar());
    for (const jar of jars) await login(jar, one, "ada");
    const copies = jars.map((jar) => jar.copy());
    await jars[0]!.request(one.sessions, (session) => destroy(session));
    // WAIT would say nothing here: it speaks of the writes of its own connection.
    await eventually(() => own.replica.ask("keys", "*:e") !== "");
    // From here on the replica gets nothing more.
    own.replica.child.kill("SIGSTOP");
    await jars[1]!.request(one.sessions, (session) => destroy(session));
    await own.master.kill();
    own.replica.child.kill("SIGCONT");
    await eventually(async () => {
      const answer = await jars[2]!
        .request(two.sessions, (session) => destroy(session))
        .then(
          () => true,
          () => false,
        );
      return answer && own.replica.ask("role").startsWith("master");
    });
    // Each process finds the new master in its own time, and reports until then that the store
    // failed.
    const answered = (ask: () => Promise<unknown>) =>
      eventually(() =>
        ask().then(
          () => true,
          () => false,
        ),
      );
    await answered(() => jars[5]!.request(one.sessions, (session) => (session["n"] = 1)));
    await answered(() => jars[3]!.request(one.sessions, (session) => destroy(session)));
    await answered(() => two.sessions.revokeAll("eve"));
    for (const made of [one, two, open()]) {
      for (const i of [0, 3]) {
        await eventually(async () => !("userId" in (await copies[i]!.copy().read(made.sessions))));
      }
      await answered(async () => {
        const read = await copies[4]!.copy().read(made.sessions);
        expect(read).toEqual({ userId: "ada" });
      });
    }
  }, 240_000);
}
