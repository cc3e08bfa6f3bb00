import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryStore } from "./memory.ts";
import type { LogPage } from "./store.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000_000, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});
const NOW = 1_000_000_000;

describe("memoryStore", () => {
  it("writes only on top of what is not newer", () => {
    const store = memoryStore();
    const write = (base: number, value: string) =>
      store.replace({ key: "k", base, value, seconds: 60 });
    expect(write(0, "1 a")).toBeUndefined();
    expect(write(0, "1 b")).toBe("1 a");
    expect(write(1, "2 b")).toBeUndefined();
    expect(store.get("k")).toBe("2 b");
  });

  it("forgets in time", () => {
    const store = memoryStore();
    store.replace({ key: "k", base: 0, value: "1 a", seconds: 60 });
    vi.setSystemTime(1_000_000_059_999);
    expect(store.get("k")).toBe("1 a");
    vi.setSystemTime(1_000_000_060_000);
    expect(store.get("k")).toBeUndefined();
  });

  it("keeps no more than max, the latest", () => {
    const store = memoryStore({ max: 3 });
    for (let i = 0; i < 10; i += 1) {
      store.replace({ key: `k${i}`, base: 0, value: "1 a", seconds: 60 });
    }
    const kept = Array.from({ length: 10 }, (_, i) => store.get(`k${i}`) !== undefined);
    expect(kept.lastIndexOf(false)).toBe(6);
    expect(kept.filter(Boolean)).toHaveLength(3);
  });

  it("tells what was logged since", () => {
    const store = memoryStore();
    store.append([{ text: "a", until: NOW + 60 }]);
    const first = store.read(undefined) as LogPage;
    expect(first).toMatchObject({ entries: ["a"], more: false, lost: false });
    store.append([
      { text: "b", until: NOW + 60 },
      { text: "c", until: NOW + 60 },
    ]);
    expect(store.read(first.cursor)).toMatchObject({ entries: ["b", "c"] });
    expect(store.read(undefined)).toMatchObject({ entries: ["a", "b", "c"] });
  });

  it("keeps no more than max lines, those that hold longest", () => {
    const store = memoryStore({ max: 10 });
    for (let i = 0; i < 100; i += 1) store.append([{ text: `${i}`, until: NOW + 1 + (i % 50) }]);
    const { entries } = store.read(undefined) as LogPage;
    expect(entries.length).toBeLessThanOrEqual(11);
    expect(entries).toContain("49");
    expect(entries).not.toContain("0");
  });

  it.each([0, -1, 1.5, Number.NaN, "10"])("refuses max: %s", (max) => {
    expect(() => memoryStore({ max: max as number })).toThrow(/max/);
  });
});
