import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PendingRevocations } from "./pending-revocations.ts";
import { readEpoch } from "./epoch.ts";
import { memoryStore } from "./memory.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000_000_000 }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const NOW = 1_000_000_000;
const later = () => new Promise((resolve) => setImmediate(resolve));
const nothing = async () => undefined;
const end = (sid: string, seconds = 60): Write => ({
  key: `e:${sid}`,
  base: 9,
  rev: 10,
  value: "",
  seconds,
});

/** A store that notes what is written, and fails while `isDown` is set. */
function noting() {
  const inner = memoryStore();
  const writes: Write[] = [];
  const state = { isDown: false };
  const store: SessionStore = {
    isLocal: false,
    get: (keys) => inner.get(keys),
    async replace(write) {
      if (state.isDown) throw new Error("down");
      writes.push(write);
      return inner.replace(write);
    },
  };
  const epoch = (key: string) => readEpoch((inner.get([key]) as (StoredValue | undefined)[])[0]);
  return { store, inner, writes, state, epoch };
}

describe("revocations that the store still lacks", () => {
  it("apply in this process until they are written", async () => {
    const { store, writes } = noting();
    const pending = new PendingRevocations();
    expect(pending.isEmpty).toBe(true);
    pending.add(end("a"), nothing);
    expect([pending.isEmpty, pending.isEnded("a"), pending.isEnded("b")]).toEqual([
      false,
      true,
      false,
    ]);
    vi.setSystemTime((NOW + 10) * 1000);
    await pending.flush(store);
    expect([pending.isEmpty, pending.isEnded("a")]).toEqual([true, false]);
    expect(writes).toEqual([end("a", 50)]);
  });

  it("keep one session of the user, unless a later one keeps another", async () => {
    const { store, epoch, writes } = noting();
    const pending = new PendingRevocations();
    const ended = () =>
      ["kept", "other"].map((sid) => [
        pending.isUserEnded("u:ada", sid),
        pending.isUserEnded("u:eva", sid),
      ]);
    pending.addUser("u:ada", "kept", NOW + 60, nothing);
    pending.addUser("u:ada", "kept", NOW + 60, nothing);
    expect([pending.isEmpty, ended()]).toEqual([
      false,
      [
        [false, false],
        [true, false],
      ],
    ]);
    await pending.flush(store);
    expect([pending.isEmpty, ended().flat().includes(true)]).toEqual([true, false]);
    expect(epoch("u:ada")).toMatchObject({ keep: "kept", at: NOW });
    expect(writes.map(({ seconds }) => seconds)).toEqual([60]);
    pending.addUser("u:ada", "kept", NOW + 60, nothing);
    pending.addUser("u:ada", "other", NOW + 60, nothing);
    expect(ended()).toEqual([
      [true, false],
      [true, false],
    ]);
    const { count } = epoch("u:ada");
    await pending.flush(store);
    expect(epoch("u:ada")).toMatchObject({ count: count + 1, keep: "" });
  });

  it("stay if the store fails again", async () => {
    const { store, state } = noting();
    const pending = new PendingRevocations();
    state.isDown = true;
    pending.add(end("a"), nothing);
    pending.addUser("u:ada", "", NOW + 60, nothing);
    await expect(pending.flush(store)).rejects.toThrow("down");
    expect([pending.isEnded("a"), pending.isUserEnded("u:ada", "sid")]).toEqual([true, true]);
  });

  it("are not written after the last cookie expired", async () => {
    const { store, writes } = noting();
    const pending = new PendingRevocations();
    pending.add(end("a"), nothing);
    pending.addUser("u:ada", "", NOW + 60, nothing);
    vi.setSystemTime((NOW + 60) * 1000);
    await pending.flush(store);
    expect([pending.isEmpty, writes]).toEqual([true, []]);
  });

  it("count up from the newest count, if another process was faster", async () => {
    const { store, inner, epoch } = noting();
    const pending = new PendingRevocations();
    pending.addUser("u:ada", "", NOW + 60, nothing);
    let isFirst = true;
    const raced: SessionStore = {
      isLocal: false,
      get: store.get,
      async replace(write) {
        if (isFirst) inner.replace({ ...write, rev: 65_536 * 7 });
        isFirst = false;
        return store.replace(write);
      },
    };
    await pending.flush(raced);
    expect(epoch("u:ada").count).toBe(65_536 * 7 + 1);
  });

  it("stay if other processes are faster a hundred times", async () => {
    const { store } = noting();
    const pending = new PendingRevocations();
    pending.addUser("u:ada", "", NOW + 60, nothing);
    let tries = 0;
    const raced: SessionStore = {
      isLocal: false,
      get: store.get,
      async replace({ base }) {
        tries += 1;
        return { rev: base + 1, value: "" };
      },
    };
    await expect(pending.flush(raced)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    expect([tries, pending.isUserEnded("u:ada", "sid")]).toEqual([100, true]);
  });

  it("are tried again each second, until they are written", async () => {
    const pending = new PendingRevocations();
    const { store, state } = noting();
    state.isDown = true;
    const retry = vi.fn(() => pending.flush(store));
    pending.add(end("a"), retry);
    pending.add(end("b"), retry);
    await vi.advanceTimersByTimeAsync(999);
    expect(retry).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(retry).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(retry).toHaveBeenCalledTimes(2);
    state.isDown = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect([retry.mock.calls.length, pending.isEmpty]).toEqual([3, true]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(retry).toHaveBeenCalledTimes(3);
  });

  it("are not tried by the timer if they were written before, or after the sessions stopped", async () => {
    const pending = new PendingRevocations();
    const { store } = noting();
    const retry = vi.fn(nothing);
    pending.add(end("a"), retry);
    await pending.flush(store);
    await vi.advanceTimersByTimeAsync(5000);
    pending.add(end("a"), retry);
    pending.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(retry).not.toHaveBeenCalled();
    pending.add(end("a"), retry);
    await vi.advanceTimersByTimeAsync(1000);
    expect(retry).toHaveBeenCalledTimes(1);
  });

  it("are at most 100,000 of sessions", () => {
    const pending = new PendingRevocations();
    for (let i = 0; i <= 100_000; i += 1) pending.add(end(`${i}`), nothing);
    expect([pending.isEnded("99999"), pending.isEnded("100000")]).toEqual([true, false]);
    pending.stop();
  });

  it("keep the one that failed while an earlier one of the same user was written", async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    const { inner, writes } = noting();
    const store: SessionStore = {
      isLocal: false,
      get: (keys) => inner.get(keys),
      async replace(write) {
        await opened;
        writes.push(write);
        return inner.replace(write);
      },
    };
    vi.useRealTimers();
    const pending = new PendingRevocations();
    const until = Date.now() / 1000 + 60;
    pending.addUser("u:ada", "", until, later);
    const flushing = pending.flush(store);
    await later();
    pending.addUser("u:ada", "", until, later);
    open();
    await flushing;
    expect(pending.isUserEnded("u:ada", "a session")).toBe(true);
    await pending.flush(store);
    pending.stop();
    expect(pending.isEmpty).toBe(true);
    expect(writes).toHaveLength(2);
    expect(writes[1]!.rev).toBeGreaterThan(writes[0]!.rev);
  });
});
