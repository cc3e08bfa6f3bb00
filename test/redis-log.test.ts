import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { createClient, createClientPool } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { redisStore, type RedisClient } from "@galleta/session/redis";
import type { SessionStore } from "@galleta/session";
import { eventually } from "./support/cli.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

const SECONDS = 3600;
const ends: (() => unknown)[] = [];
let server: RedisServer;
let admin: Redis;

const CLIENTS: Record<string, () => Promise<RedisClient>> = {
  ioredis: async () => {
    const client = new Redis(server.url);
    ends.push(() => client.disconnect());
    return client;
  },
  "node-redis": async () => {
    const client = await createClient({ url: server.url }).connect();
    ends.push(() => client.destroy());
    return client;
  },
  "node-redis pool": async () => {
    const pool = createClientPool({ url: server.url });
    await pool.connect();
    ends.push(() => pool.destroy());
    return pool;
  },
};

let count = 0;
/** A key of the store, and its name in Redis. */
const newKey = () => {
  count += 1;
  return { key: `s:log-${count}`, name: `galleta:{log-${count}}:s` };
};
const valueOf = (n: number) => `mark${n}.1.2 ${JSON.stringify({ cart: "x".repeat(300), n })}`;
const countOf = (value: string) => Number(/"n":(\d+)/.exec(value)?.[1]);
const textOf = async (name: string) => (await admin.get(name)) ?? "";

async function read(store: SessionStore, key: string) {
  return (await store.get([key]))[0];
}

/** Writes the next number on top of what the store answers, until it wins. */
async function increment(store: SessionStore, key: string): Promise<void> {
  let known = await read(store, key);
  for (;;) {
    const { rev = 0, value = "" } = known ?? {};
    const next = { rev: rev + 1, value: valueOf((countOf(value) || 0) + 1) };
    known = await store.replace({ key, base: rev, ...next, seconds: SECONDS });
    if (known === undefined) return;
  }
}

describe.runIf(available(command("redis-server", "redis-server")))("redisStore appends", () => {
  beforeAll(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
  }, 60_000);
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  afterAll(async () => {
    admin?.disconnect();
    await server?.close();
  });

  describe.each(Object.entries(CLIENTS))("%s", (_name, open) => {
    it("a change sends only what changed, and no script", async () => {
      const store = redisStore(await open());
      const { key, name } = newKey();
      await increment(store, key);
      const before = await admin.strlen(name);
      await admin.config("RESETSTAT");
      await increment(store, key);
      const stats = await admin.info("commandstats");
      expect(stats).toMatch(/cmdstat_append:calls=1,/);
      expect(stats).not.toContain("cmdstat_eval");
      expect((await admin.strlen(name)) - before).toBeLessThan(90);
      expect(await read(store, key)).toEqual({ rev: 2, value: valueOf(2) });
    });

    it("writers in several processes lose nothing", async () => {
      const stores = [redisStore(await open()), redisStore(await open()), redisStore(await open())];
      const { key, name } = newKey();
      await Promise.all(
        stores.flatMap((store) =>
          Array.from({ length: 4 }, async () => {
            for (let i = 0; i < 50; i += 1) await increment(store, key);
          }),
        ),
      );
      for (const store of stores) {
        expect(await read(store, key)).toEqual({ rev: 600, value: valueOf(600) });
      }
      expect(await admin.ttl(name)).toBeGreaterThanOrEqual(SECONDS);
    });

    it("a key that was deleted after it was read is written whole, with an end", async () => {
      const store = redisStore(await open());
      const { key, name } = newKey();
      await increment(store, key);
      const known = await read(store, key);
      await admin.del(name);
      const write = { key, base: known!.rev, rev: 2, value: valueOf(2), seconds: SECONDS };
      expect(await store.replace(write)).toBeUndefined();
      expect(await read(redisStore(await open()), key)).toEqual({ rev: 2, value: valueOf(2) });
      expect(await admin.ttl(name)).toBeGreaterThanOrEqual(SECONDS);
    });

    it("a write that another process overtook returns the newer value", async () => {
      const [one, two] = [redisStore(await open()), redisStore(await open())];
      const { key } = newKey();
      await increment(one, key);
      await read(two, key);
      await increment(one, key);
      const late = { key, base: 1, rev: 2, value: valueOf(7), seconds: SECONDS };
      expect(await two.replace(late)).toEqual({ rev: 2, value: valueOf(2) });
      await increment(two, key);
      expect(await read(one, key)).toEqual({ rev: 3, value: valueOf(3) });
    });
  });

  it("a record that arrives twice counts once, and its writer succeeds", async () => {
    const client = (await CLIENTS["node-redis"]!()) as ReturnType<typeof createClient>;
    const send = client.sendCommand.bind(client) as (args: string[]) => Promise<unknown>;
    Object.assign(client, {
      // As a client does that repeats a command whose answer was lost.
      sendCommand: async (args: string[]) => {
        if (args[0] === "APPEND") await send(args);
        return send(args);
      },
    });
    const store = redisStore(client);
    const { key, name } = newKey();
    for (let i = 1; i <= 4; i += 1) {
      const write = { key, base: i - 1, rev: i, value: valueOf(i), seconds: SECONDS };
      expect(await store.replace(write)).toBeUndefined();
    }
    expect((await textOf(name)).split("+").length - 1).toBe(6);
    const other = redisStore(await CLIENTS["ioredis"]!());
    expect(await read(other, key)).toEqual({ rev: 4, value: valueOf(4) });
  });

  it("an answer that comes late is not trusted, since the value may be another of the same length", async () => {
    const client = (await CLIENTS["node-redis"]!()) as ReturnType<typeof createClient>;
    const send = client.sendCommand.bind(client) as (args: string[]) => Promise<unknown>;
    const { key, name } = newKey();
    Object.assign(client, {
      sendCommand: async (args: string[]) => {
        if (args[0] !== "APPEND") return send(args);
        // Others write the session whole, twice, while the command is on its way.
        const other = (await textOf(name)).replace(/^0+1/, "0000000000000002");
        await admin.set(name, other.replace('"n":1', '"n":9').replace(/.{13}$/, "another-write"));
        await new Promise((resolve) => setTimeout(resolve, 2100));
        return send(args);
      },
    });
    const store = redisStore(client);
    await increment(store, key);
    const late = { key, base: 1, rev: 2, value: valueOf(2), seconds: SECONDS };
    const newer = { rev: 2, value: valueOf(1).replace('"n":1', '"n":9') };
    expect(await store.replace(late)).toEqual(newer);
    expect(await read(store, key)).toEqual(newer);
  });

  it.each([{ lives: [40, 40] }, { lives: [40, SECONDS] }, { lives: [40, 40, 40, SECONDS] }])(
    "a writer notices that others wrote the session whole, to live for $lives",
    async ({ lives }) => {
      const client = (await CLIENTS["node-redis"]!()) as ReturnType<typeof createClient>;
      const send = client.sendCommand.bind(client) as (args: string[]) => Promise<unknown>;
      const [store, other] = [redisStore(client), redisStore(await CLIENTS["ioredis"]!())];
      let before: (() => Promise<void>) | undefined;
      Object.assign(client, {
        sendCommand: async (args: string[]) => {
          if (args[0] === "APPEND") await before?.();
          return send(args);
        },
      });
      // With one of these paddings, the last value has the length of the first.
      for (let padding = 0; padding < 40; padding += 1) {
        const { key, name } = newKey();
        const write = { key, base: 0, rev: 1, value: valueOf(1), seconds: SECONDS };
        expect(await store.replace(write)).toBeUndefined();
        await admin.expire(name, (await admin.ttl(name)) - 4);
        let last = "";
        before = async () => {
          for (const [i, seconds] of lives.entries()) {
            last = valueOf(i + 2).replace("xx", "x".repeat(padding));
            const next = { key, base: i + 1, rev: i + 2, value: last, seconds };
            expect(await other.replace(next)).toBeUndefined();
          }
        };
        const late = { key, base: 1, rev: 2, value: valueOf(9), seconds: SECONDS };
        const newer = await store.replace(late);
        expect(newer?.value, `padding ${padding}`).toBe(last);
      }
    },
  );

  it("a log at most doubles a value that is older than a fifth of a second", async () => {
    const store = redisStore(await CLIENTS["ioredis"]!());
    const { key, name } = newKey();
    await increment(store, key);
    const first = await textOf(name);
    const memory = async () => Number(await admin.memory("USAGE", name));
    const before = await memory();
    let longest = first.length;
    let largest = before;
    await eventually(async () => {
      await increment(store, key);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const text = await textOf(name);
      longest = Math.max(longest, text.length);
      largest = Math.max(largest, await memory());
      return !text.startsWith(first);
    });
    expect(longest).toBeLessThan(first.length * 2 + 64);
    expect(largest).toBeLessThan(before * 2.5);
    expect((await textOf(name)).length % 16).toBe((first.length + 1) % 16);
    const known = await read(store, key);
    expect(countOf(known!.value)).toBe(known!.rev);
  });

  it("a value that was written whole stays for a fifth of a second", async () => {
    const store = redisStore(await CLIENTS["ioredis"]!());
    const micros = async () => {
      const [seconds, rest] = await admin.time();
      return Number(seconds) * 1e6 + Number(rest);
    };
    await eventually(async () => {
      const { key, name } = newKey();
      await increment(store, key);
      const began = await micros();
      const first = await textOf(name);
      const writes = 12;
      for (let i = 0; i < writes; i += 1) await increment(store, key);
      const text = await textOf(name);
      expect(await read(store, key)).toEqual({ rev: writes + 1, value: valueOf(writes + 1) });
      // Tries again on a machine that was too busy for it.
      if ((await micros()) - began > 150_000) return false;
      expect(text.startsWith(first)).toBe(true);
      expect(text.length).toBeGreaterThan(first.length * 2 + 64);
      return true;
    });
  });

  it("a session that several processes change all the time stays small", async () => {
    const stores = await Promise.all(
      ["ioredis", "node-redis", "ioredis"].map(async (name) => redisStore(await CLIENTS[name]!())),
    );
    const { key, name } = newKey();
    await increment(stores[0]!, key);
    const until = performance.now() + 1500;
    const lengths: number[] = [];
    await Promise.all(
      stores.map(async (store) => {
        let at = 1;
        while (performance.now() < until) {
          const value = `mark${lengths.length}.1.2 ${randomBytes(750).toString("base64")}`;
          const newer = await store.replace({
            key,
            base: at,
            rev: at + 1,
            value,
            seconds: SECONDS,
          });
          at = newer === undefined ? at + 1 : newer.rev;
          lengths.push(await admin.strlen(name));
        }
      }),
    );
    // It was written whole several times: no log of all changes has grown.
    const falls = lengths.filter((length, i) => length < (lengths[i - 1] ?? 0) / 2);
    expect(falls.length).toBeGreaterThan(1);
  });

  it("a longer time to live replaces the one of the key, also with its first record young", async () => {
    const store = redisStore(await CLIENTS["ioredis"]!());
    const { key, name } = newKey();
    for (const [i, seconds] of [SECONDS, 10 * SECONDS, 100, 100 * SECONDS].entries()) {
      const write = { key, base: i, rev: i + 1, value: valueOf(i + 1), seconds };
      expect(await store.replace(write)).toBeUndefined();
      expect(await admin.ttl(name)).toBeGreaterThanOrEqual(seconds - 1);
    }
    const other = redisStore(await CLIENTS["ioredis"]!());
    expect(await read(other, key)).toEqual({ rev: 4, value: valueOf(4) });
  });

  it("a key lives as long as each write asks for, with clocks 90 seconds apart", async () => {
    const store = redisStore(await CLIENTS["ioredis"]!());
    ends.push(() => vi.useRealTimers());
    const start = Date.now();
    for (const clock of [-90, 90]) {
      for (let later = 0; later < 400; later += 25) {
        const { key, name } = newKey();
        vi.useFakeTimers({ toFake: ["Date"], now: start + clock * 1000 });
        await store.replace({ key, base: 0, rev: 1, value: valueOf(1), seconds: 600 });
        await admin.expire(name, (await admin.ttl(name)) - later);
        vi.useFakeTimers({ toFake: ["Date"], now: start + later * 1000 });
        await store.replace({ key, base: 1, rev: 2, value: valueOf(2), seconds: 600 });
        expect(await admin.ttl(name)).toBeGreaterThanOrEqual(598);
      }
    }
  });

  it("bytes that others appended hide no state, and the next write removes them", async () => {
    const [one, two] = [
      redisStore(await CLIENTS["ioredis"]!()),
      redisStore(await CLIENTS["node-redis"]!()),
    ];
    const { key, name } = newKey();
    await increment(one, key);
    await admin.append(name, "+junk");
    expect(await read(two, key)).toEqual({ rev: 1, value: valueOf(1) });
    await increment(one, key);
    await increment(two, key);
    expect(await read(one, key)).toEqual({ rev: 3, value: valueOf(3) });
    expect(await textOf(name)).not.toContain("junk");
  });
});
