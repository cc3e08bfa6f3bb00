import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { starlette } from "../formats/starlette.ts";
import { destroy } from "../session/functions.ts";
import { LATE } from "../session/end.ts";
import { sessionStore } from "./custom.ts";
import { endKey, sessionKey } from "./keys.ts";
import { memoryStore } from "./memory.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A store on the network that notes its writes. */
function noting(more: Partial<SessionStore> = {}) {
  const shared = memoryStore();
  const writes: Write[] = [];
  const store = sessionStore({
    isLocal: false,
    get: async (keys: readonly string[]) => shared.get(keys),
    async replace(write) {
      writes.push(write);
      return shared.replace(write);
    },
    ...more,
  });
  return { store, shared, writes };
}

const login = async (sessions: ReturnType<typeof start>["sessions"]) => {
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["n"] = 1));
  return jar;
};
const storeEvents = (events: { type: string; reason?: string | undefined }[]) =>
  events.filter(({ type }) => type === "store").map(({ reason }) => reason);

describe("a store is inspected", () => {
  it("once, when the sessions start, and an event names a problem", async () => {
    const inspect = vi.fn(async () => "eviction");
    const { sessions, events } = start({ store: noting({ inspect }).store });
    sessions.start();
    sessions.stop();
    sessions.start();
    await vi.advanceTimersByTimeAsync(0);
    expect([inspect.mock.calls.length, storeEvents(events)]).toEqual([1, ["eviction"]]);
  });

  it.each([
    ["finds nothing", async () => undefined],
    ["is not allowed", () => Promise.reject(new Error("no permission"))],
    [
      "throws",
      () => {
        throw new Error("no permission");
      },
    ],
    ["does not exist", undefined],
  ])("without an event if the inspection %s", async (_what, inspect) => {
    const { sessions, events } = start({ store: noting(inspect && { inspect }).store });
    sessions.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(storeEvents(events)).toEqual([]);
    expect(await (await login(sessions)).read(sessions)).toEqual({ n: 1 });
  });
});

describe("a session in a store", () => {
  it("is kept a few minutes longer than its cookie, at most 400 days", async () => {
    for (const [maxAge, seconds] of [
      [100, 100],
      [null, 34_560_000],
    ] as const) {
      const { store, writes } = noting();
      const jar = await login(start({ store, maxAge }).sessions);
      expect(jar.cookie).not.toBe("");
      const [write] = writes;
      expect(write).toMatchObject({ base: 0, rev: 1, seconds: seconds + LATE });
      expect(write?.key.startsWith("s:")).toBe(true);
    }
  });

  it("is saved if a client repeats a write after it lost the answer to the first", async () => {
    const { shared } = noting();
    const store = sessionStore({
      isLocal: false,
      get: async (keys: readonly string[]) => shared.get(keys),
      async replace(write) {
        await shared.replace(write);
        return shared.replace(write);
      },
    });
    const { sessions, events } = start({ store });
    const jar = await login(sessions);
    await jar.request(sessions, (session) => void (session["n"] = 2));
    expect([await jar.read(sessions), storeEvents(events)]).toEqual([{ n: 2 }, []]);
  });

  it("stays ended in a store without conditional writes, if it ended while a change was saved", async () => {
    const map = new Map<string, string>();
    let isSlow = false;
    const set = async (key: string, value: string) => {
      map.set(key, value);
      if (isSlow && key.startsWith("s:")) map.set(endKey(key.slice(2)), "9999999999 ");
    };
    const get = async (key: string) => map.get(key);
    const { sessions, types } = start({ store: { get, set, delete: () => undefined } });
    const jar = await login(sessions);
    isSlow = true;
    await jar.request(sessions, (session) => void (session["n"] = 2));
    expect(types()).toContain("revoked");
    expect(await jar.read(sessions)).toEqual({});
  });

  it("ends under both of its keys", async () => {
    const { store, shared, writes } = noting();
    const { sessions } = start({ store, maxAge: 100 });
    const jar = await login(sessions);
    const { sid } = (await jar.open(sessions)).state;
    writes.length = 0;
    await jar.request(sessions, (session) => destroy(session));
    expect(writes.map(({ key }) => key).toSorted()).toEqual([endKey(sid), sessionKey(sid)]);
    for (const { seconds, rev } of writes)
      expect([seconds, rev]).toEqual([100 + LATE, 9_999_999_999]);
    const stored = (await shared.get([sessionKey(sid)])) as readonly (StoredValue | undefined)[];
    expect(stored[0]?.value).toBe("");
  });

  it.each([
    ["reject", "rejects"],
    ["allow", "resolves"],
  ] as const)(
    "ends in this process if the store fails (onStoreError: %s)",
    async (onStoreError, what) => {
      const { shared } = noting();
      let isDown = false;
      const store = sessionStore({
        isLocal: false,
        get: async (keys: readonly string[]) => shared.get(keys),
        async replace(write) {
          if (isDown) throw new Error("down");
          return shared.replace(write);
        },
      });
      const { sessions, events } = start({ store, onStoreError });
      const jar = await login(sessions);
      const copy = jar.copy();
      isDown = true;
      const context = await jar.open(sessions);
      destroy(context.session);
      const outcome = Promise.resolve(context.commit()).then(
        () => "resolves",
        (error: { code: string }) => (error.code === "ERR_SESSION_STORE" ? "rejects" : "other"),
      );
      expect(await outcome).toBe(what);
      expect(storeEvents(events)).toContain("failed");
      isDown = false;
      expect(await copy.read(sessions)).toEqual({});
      // It writes the end a second later.
      await vi.advanceTimersByTimeAsync(1000);
      expect(await copy.read(start({ store }).sessions)).toEqual({});
      sessions.stop();
    },
  );
});

it("an event tells a store that is late from one that fails", async () => {
  let answer: () => Promise<never> = () => new Promise(() => undefined);
  const store = sessionStore({ isLocal: false, get: () => answer(), replace: () => answer() });
  const { sessions, events } = start({ store, storeTimeout: 1 });
  const cookie = (await login(start({ store: noting().store }).sessions)).cookie;
  const late = new Jar(cookie).open(sessions);
  await vi.advanceTimersByTimeAsync(1100);
  await late;
  answer = () => Promise.reject(new Error("down"));
  await new Jar(cookie).open(sessions);
  expect(storeEvents(events)).toEqual(["timeout", "failed"]);
});

it("throws for a store together with writeAs", () => {
  const writeAs = starlette({ secretKey: "a key of the other framework" });
  expect(() => start({ store: memoryStore(), writeAs })).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
  );
});
