import { expect, it, vi } from "vitest";
import { KeyValueAccess } from "./keyv.ts";

const write = (value: string, base = 0, rev = 1) => ({
  key: "s:a",
  base,
  rev,
  value,
  seconds: 60,
});

/** A map with Keyv's methods, slow enough for two writes to overlap. */
function slowMap() {
  const map = new Map<string, unknown>();
  const set = vi.fn(async (key: string, value: string, _milliseconds: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    map.set(key, value);
  });
  const get = async (key: string) => map.get(key);
  return { map, set, store: new KeyValueAccess({ get, set, delete: () => undefined }) };
}

it("writes of one key run one after the other, and the second sees the first", async () => {
  const { store, set } = slowMap();
  const outcomes = await Promise.all([store.replace(write("one")), store.replace(write("two"))]);
  expect(outcomes).toEqual([undefined, { rev: 1, value: "one" }]);
  expect(set.mock.calls).toEqual([["s:a", "1 one", 60_000]]);
  expect(await store.replace(write("three", 1, 2))).toBeUndefined();
  expect(await store.get(["s:a", "s:b"])).toEqual([{ rev: 2, value: "three" }, undefined]);
});

it("a third write waits for the second, although the first is over", async () => {
  const map = new Map<string, unknown>();
  const open: (() => void)[] = [];
  const log: string[] = [];
  const store = new KeyValueAccess({
    get: async (key) => map.get(key),
    async set(key, value) {
      log.push(`begin ${value}`);
      await new Promise<void>((resolve) => open.push(resolve));
      map.set(key, value);
      log.push(`end ${value}`);
    },
    delete: () => undefined,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const first = store.replace(write("a", 0, 1));
  const second = store.replace(write("b", 1, 2));
  await turn();
  open.shift()?.();
  await first;
  await turn();
  const third = store.replace(write("c", 2, 3));
  await turn();
  open.shift()?.();
  await second;
  await turn();
  open.shift()?.();
  await third;
  expect(log).toEqual(["begin 1 a", "end 1 a", "begin 2 b", "end 2 b", "begin 3 c", "end 3 c"]);
});

it("a write also runs after one that failed", async () => {
  const { store, set, map } = slowMap();
  set.mockRejectedValueOnce(new Error("away"));
  const outcomes = await Promise.allSettled([store.replace(write("a")), store.replace(write("b"))]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(map.get("s:a")).toBe("1 b");
});

it("a store that returns false for a write did not keep it", async () => {
  const { store, set } = slowMap();
  set.mockResolvedValueOnce(false as never);
  await expect(store.replace(write("a"))).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
});

it.each([7, {}, "", "no revision", " 1", "1.5 a", "1"])(
  "a value that Galleta did not write throws: %j",
  async (value) => {
    const { store, map } = slowMap();
    map.set("s:a", value);
    await expect(store.get(["s:a"])).rejects.toMatchObject({
      code: "ERR_SESSION_STORE",
      status: 503,
    });
  },
);

it("a missing value may be undefined or null", async () => {
  const { store, map } = slowMap();
  map.set("s:a", null);
  expect(await store.get(["s:a", "s:b"])).toEqual([undefined, undefined]);
});
