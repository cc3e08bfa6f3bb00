import { strict as assert } from "node:assert";
import type { SessionStore, StoredValue } from "../store/store.ts";
import { LIST_CASES } from "./list-cases.ts";

/** One requirement of a store, as a test. */
export interface StoreCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Opens a store. All opened stores must share one database. */
export type OpenStore = () => SessionStore | Promise<SessionStore>;

/**
 * A value for `base`, the highest revision that a write may replace. No revision is higher, so the
 * write replaces any value.
 */
const ALWAYS = Number.MAX_SAFE_INTEGER;
const CHANGES = 40;
const SECONDS = 600;

let count = 0;
const newKey = () => `s:case-${process.pid}-${Date.now().toString(36)}-${(count += 1)}`;

async function read(store: SessionStore, key: string): Promise<StoredValue | undefined> {
  return (await store.get([key]))[0];
}

const KEY_CASES: Record<string, (open: OpenStore) => Promise<void>> = {
  "a key without a value reads as undefined, also together with keys that have one": async (
    open,
  ) => {
    const store = await open();
    const [first, missing, last] = [newKey(), newKey(), newKey()];
    await store.replace({ key: first, base: 0, rev: 1, value: "a", seconds: SECONDS });
    await store.replace({ key: last, base: 0, rev: 2, value: "b", seconds: SECONDS });
    const values = await store.get([first, missing, last]);
    assert.deepEqual(
      values.map((one) => one?.value),
      ["a", undefined, "b"],
    );
    assert.deepEqual(
      values.map((one) => one?.rev),
      [1, undefined, 2],
    );
  },
  "text is read as it was written": async (open) => {
    const store = await open();
    const texts = [
      "",
      " ",
      "'\"\\;--",
      "ü€😀",
      JSON.stringify({ a: "\u0000\n" }),
      "x".repeat(300_000),
    ];
    for (const value of texts) {
      const key = newKey();
      await store.replace({ key, base: 0, rev: 1, value, seconds: SECONDS });
      assert.equal((await read(store, key))?.value, value);
    }
  },
  "keys that differ only in case are different": async (open) => {
    const store = await open();
    const key = newKey();
    await store.replace({ key: `${key}a`, base: 0, rev: 1, value: "a", seconds: SECONDS });
    assert.equal(await read(store, `${key}A`), undefined);
  },
  "a write based on an older revision fails, and returns the stored value": async (open) => {
    const store = await open();
    const key = newKey();
    const write = (base: number, rev: number, value: string) =>
      store.replace({ key, base, rev, value, seconds: SECONDS });
    assert.equal(await write(0, 1, "one"), undefined);
    assert.deepEqual(plain(await write(0, 1, "other")), { rev: 1, value: "one" });
    assert.equal(await write(1, 2, "two"), undefined);
    assert.deepEqual(plain(await write(1, 2, "late")), { rev: 2, value: "two" });
    assert.equal(await write(2, 2, "same revision"), undefined);
    assert.equal(await write(5, 6, "on top of what is older"), undefined);
    assert.deepEqual(plain(await read(store, key)), { rev: 6, value: "on top of what is older" });
  },
  "large revision numbers are exact": async (open) => {
    const store = await open();
    const key = newKey();
    const rev = Number.MAX_SAFE_INTEGER - 1;
    await store.replace({ key, base: 0, rev, value: "", seconds: SECONDS });
    const newer = await store.replace({ key, base: rev - 1, rev, value: "x", seconds: SECONDS });
    assert.deepEqual(plain(newer), { rev, value: "" });
    assert.equal(
      await store.replace({ key, base: ALWAYS, rev: 1, value: "y", seconds: SECONDS }),
      undefined,
    );
    assert.deepEqual(plain(await read(store, key)), { rev: 1, value: "y" });
  },
  "a value expires after its lifetime, and its key can be written again": async (open) => {
    const store = await open();
    const [brief, long] = [newKey(), newKey()];
    await store.replace({ key: brief, base: 0, rev: 9, value: "a", seconds: 1 });
    await store.replace({ key: long, base: 0, rev: 9, value: "a", seconds: 1 });
    await store.replace({ key: long, base: 9, rev: 9, value: "b", seconds: SECONDS });
    for (let i = 0; i < 100 && (await read(store, brief)) !== undefined; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(await read(store, brief), undefined);
    assert.equal((await read(store, long))?.value, "b");
    assert.equal(
      await store.replace({ key: brief, base: 0, rev: 1, value: "c", seconds: SECONDS }),
      undefined,
    );
  },
  "a read of many keys returns each key's own value": async (open) => {
    const store = await open();
    const keys = Array.from({ length: CHANGES }, newKey);
    const write = (key: string, base: number, rev: number) =>
      store.replace({ key, base, rev, value: `${key} ${rev}`, seconds: SECONDS });
    await Promise.all(keys.map((key) => write(key, 0, 1)));
    // Every other write has an outdated base.
    const answers = await Promise.all(keys.map((key, i) => write(key, i % 2, 2)));
    const expected = keys.map((key, i) =>
      i % 2 === 1 ? undefined : { rev: 1, value: `${key} 1` },
    );
    assert.deepEqual(answers.map(plain), expected);
    const found = await Promise.all(keys.map((key) => read(store, key)));
    assert.deepEqual(
      found.map((one) => one?.value),
      keys.map((key, i) => `${key} ${1 + (i % 2)}`),
    );
  },
  "simultaneous writers in two stores do not overwrite each other": async (open) => {
    const stores = [await open(), await open()];
    const key = newKey();
    const add = async (store: SessionStore, name: string) => {
      let known: StoredValue | undefined;
      for (;;) {
        const rev = known?.rev ?? 0;
        const value = `${known?.value ?? ""} ${name}`;
        known = await store.replace({ key, base: rev, rev: rev + 1, value, seconds: SECONDS });
        if (known === undefined) return;
      }
    };
    const names = Array.from({ length: CHANGES }, (_, i) => `n${i}`);
    await Promise.all(names.map((name, i) => add(stores[i % 2]!, name)));
    const end = await read(stores[0]!, key);
    assert.equal(end?.rev, CHANGES);
    assert.deepEqual(end.value.trim().split(" ").toSorted(), names.toSorted());
  },
};

function plain(stored: StoredValue | undefined) {
  return stored && { rev: stored.rev, value: stored.value };
}

/**
 * Returns the tests of a store, for any test runner. A store that passes all of them does not lose
 * sessions, does not revive ended ones, and keeps the lists of `sessions.list` complete.
 *
 * @param open opens stores that share one database
 * @example
 * ```ts
 * // import { test } from "node:test";
 * for (const { name, run } of storeCases(() => memoryStore())) test(name, run);
 * ```
 */
export function storeCases(open: OpenStore): readonly StoreCase[] {
  return Object.entries({ ...KEY_CASES, ...LIST_CASES }).map(([name, run]) => ({
    name,
    run: () => run(open),
  }));
}
