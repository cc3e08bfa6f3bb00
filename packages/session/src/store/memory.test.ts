import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { destroy } from "../session/functions.ts";
import { memoryStore } from "./memory.ts";
import type { StoredValue } from "./store.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000_000, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const read = (store: ReturnType<typeof memoryStore>, key: string) =>
  (store.get([key]) as (StoredValue | undefined)[])[0]?.value;

describe("memoryStore", () => {
  it("replaces only values that are not newer", () => {
    const store = memoryStore();
    const write = (base: number, rev: number, value: string) =>
      store.replace({ key: "s:k", base, rev, value, seconds: 60 });
    expect(write(0, 1, "a")).toBeUndefined();
    expect(write(0, 1, "b")).toMatchObject({ rev: 1, value: "a" });
    expect(write(1, 2, "b")).toBeUndefined();
    expect(read(store, "s:k")).toBe("b");
  });

  it("forgets values after their time", () => {
    const store = memoryStore();
    store.replace({ key: "s:k", base: 0, rev: 1, value: "a", seconds: 60 });
    vi.setSystemTime(1_000_000_059_999);
    expect(read(store, "s:k")).toBe("a");
    vi.setSystemTime(1_000_000_060_000);
    expect(read(store, "s:k")).toBeUndefined();
  });

  it.each(["s", "e"])("keeps the latest max keys of kind %s", (kind) => {
    const store = memoryStore({ max: 3 });
    for (let i = 0; i < 10; i += 1) {
      store.replace({ key: `${kind}:k${i}`, base: 0, rev: 1, value: "a", seconds: 60 });
    }
    const kept = Array.from({ length: 10 }, (_, i) => read(store, `${kind}:k${i}`) !== undefined);
    expect(kept.lastIndexOf(false)).toBe(6);
    expect(kept.filter(Boolean)).toHaveLength(3);
  });

  it("does not forget a destroyed session in a flood of new ones", async () => {
    const { sessions } = start({ store: memoryStore({ max: 100 }) });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["user"] = "ada"));
    const copy = jar.copy();
    await jar.request(sessions, (session) => destroy(session));
    for (let i = 0; i < 1000; i += 1) {
      await new Jar().request(sessions, (session) => (session["n"] = i));
    }
    vi.setSystemTime(Date.now() + 301_000);
    await new Jar().request(sessions, (session) => (session["n"] = 0));
    expect(await copy.read(sessions)).toEqual({});
  });

  it.each(["s", "e", "l"])("makes room for keys of kind %s by dropping expired ones", (kind) => {
    const store = memoryStore({ max: 1000 });
    let count = 0;
    const write = (keys: number, seconds: number) => {
      for (let i = 0; i < keys; i += 1) {
        count += 1;
        store.replace({ key: `${kind}:k${count}`, base: 0, rev: 1, value: "a", seconds });
      }
    };
    write(100, 60);
    write(899, 1);
    vi.setSystemTime(1_000_000_001_000);
    write(1, 60);
    // Every thousandth write drops what expired, so there are 101.
    write(999, 60);
    expect(read(store, `${kind}:k1`)).toBe("a");
    write(1, 60);
    expect(read(store, `${kind}:k1`)).toBeUndefined();
    expect(read(store, `${kind}:k101`)).toBeUndefined();
    expect(read(store, `${kind}:k${count}`)).toBe("a");
  });

  it("reports each write to those who watch, but none that failed", () => {
    const store = memoryStore();
    const written: string[] = [];
    const write = (key: string) => store.replace({ key, base: 0, rev: 1, value: "", seconds: 60 });
    const stop = store.watch?.((key) => void written.push(key));
    write("s:a");
    write("s:a");
    write("u:b");
    stop?.();
    write("s:c");
    expect(written).toEqual(["s:a", "u:b"]);
  });

  it.each([0, -1, 1.5, Number.NaN, "10"])("throws for max: %s", (max) => {
    expect(() => memoryStore({ max: max as number })).toThrow(/max/);
  });
});
