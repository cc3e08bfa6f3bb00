import { expect, it } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { memoryStore } from "./memory.ts";

const options = { storage: "store" } as const;

it("a process never reads older data than the cookie names", async () => {
  const store = memoryStore();
  const [one, two] = [start({ ...options, store }), start({ ...options, store })];
  const jar = new Jar();
  await jar.request(two.sessions, (session) => (session["admin"] = true));
  expect(await jar.read(two.sessions)).toEqual({ admin: true });
  await jar.request(one.sessions, (session) => (session["admin"] = false));
  expect(await jar.read(two.sessions)).toEqual({ admin: false });
});

it("twenty increments by turns in two processes lose none", async () => {
  const store = memoryStore();
  const made = [start({ ...options, store }), start({ ...options, store })] as const;
  const jar = new Jar();
  for (let i = 0; i < 20; i += 1) {
    await jar.request(made[i % 2 === 0 ? 0 : 1].sessions, (session) => {
      session["n"] = Number(session["n"] ?? 0) + 1;
    });
  }
  expect(await jar.read(made[0].sessions)).toEqual({ n: 20 });
});

/** An object with `get`, `set` and `delete`, over a Map that a test can copy. */
const over = (map: Map<string, string>) => ({
  get: (key: string) => map.get(key),
  set: (key: string, value: string) => void map.set(key, value),
  delete: (key: string) => map.delete(key),
});

it("a session whose newest revision the store lost is over, instead of one change older", async () => {
  const map = new Map<string, string>();
  const one = start({ ...options, store: over(map) });
  const jar = new Jar();
  await jar.request(one.sessions, (session) => (session["admin"] = true));
  const replica = new Map(map);
  await jar.request(one.sessions, (session) => (session["admin"] = false));
  // The replica was promoted before it had the last write.
  const two = start({ ...options, store: over(replica) });
  expect(await jar.copy().read(two.sessions)).toEqual({});
  expect(two.types()).toContain("revoked");
});
