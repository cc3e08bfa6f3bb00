import { Keyv } from "keyv";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory.ts";
import type { SessionStore, StoredValue } from "../store/store.ts";
import { LIST_CASES } from "./list-cases.ts";
import { storeCases, type OpenStore } from "./store-cases.ts";

/** Returns the names of the cases that a store fails. */
async function failedBy(open: OpenStore): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of storeCases(open)) await run().catch(() => failed.push(name));
  return failed;
}

/** A store on the network, with a fault. */
function faulty(change: (good: SessionStore) => Partial<SessionStore>): OpenStore {
  const good = memoryStore();
  const wait = () => new Promise((resolve) => setImmediate(resolve));
  const store: SessionStore = {
    isLocal: false,
    get: async (keys) => (await wait(), good.get(keys)),
    replace: async (write) => (await wait(), good.replace(write)),
  };
  return () => ({ ...store, ...change(store) });
}

describe("storeCases", { timeout: 120_000 }, () => {
  it("passes a correct store", async () => {
    expect(await failedBy(faulty(() => ({})))).toEqual([]);
  });

  it("fails a store that overwrites a newer revision", async () => {
    const open = faulty((good) => ({
      replace: (write) => good.replace({ ...write, base: Number.MAX_SAFE_INTEGER }),
    }));
    expect(await failedBy(open)).toEqual(
      expect.arrayContaining([
        "a write based on an older revision fails, and returns the stored value",
        "simultaneous logins in two processes are all listed",
        'with over: "deny", maxSessions denies one of two simultaneous logins',
      ]),
    );
  });

  it("fails a store that reads from a replica, which is behind", async () => {
    const open = faulty((good) => {
      const replica = new Map<string, StoredValue | undefined>();
      return {
        get: async (keys) => {
          const values = await good.get(keys);
          return keys.map((key, i) => {
            const before = replica.get(key);
            replica.set(key, values[i]);
            return before;
          });
        },
      };
    });
    expect(await failedBy(open)).toEqual(
      expect.arrayContaining([
        "each login is listed, with its label, in every process",
        "ending a session by its handle ends it in every process, and ends no other session",
      ]),
    );
  });

  it("fails a store that loses the keys of users", async () => {
    const open = faulty((good) => ({
      replace: async (write) => (write.key.startsWith("u:") ? undefined : good.replace(write)),
    }));
    expect(await failedBy(open)).toContain(
      "a logout, revokeOthers and revokeAll take sessions off the list",
    );
  });
});

describe("lists of sessions in Keyv", () => {
  const map = new Map();
  const open = () => new Keyv({ store: map }) as never;
  // Keyv has no conditional write: two processes may overwrite each other's entry of one moment.
  const cases = Object.entries(LIST_CASES).filter(([name]) => !name.includes("simultaneous"));

  it.each(cases)("%s", (_name, run) => run(open), 60_000);
});
