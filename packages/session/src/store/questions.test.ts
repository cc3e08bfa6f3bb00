import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ENDED } from "../session/records.ts";
import { endKey, sessionKey, TOMB, writeSession } from "./keys.ts";
import { Questions, readPair } from "./questions.ts";
import type { StoredValue, Write } from "./store.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000_000_000 }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const FAR = Number.MAX_SAFE_INTEGER;

/** A store whose answers a test may hold back or replace by failures. */
function slow(remembers = true) {
  const values = new Map<string, StoredValue>();
  const reads: (readonly string[])[] = [];
  const writes: Write[] = [];
  const state = { delay: 0, isDown: false };
  const questions = new Questions(
    {
      isLocal: false,
      async get(keys) {
        reads.push(keys);
        if (state.isDown) throw new Error("down");
        if (state.delay > 0) await new Promise((resolve) => setTimeout(resolve, state.delay));
        return keys.map((key) => values.get(key));
      },
      async replace(write) {
        writes.push(write);
        values.set(write.key, write);
        return undefined;
      },
    },
    5000,
    remembers,
  );
  return { questions, values, reads, writes, state };
}

describe("a question", () => {
  it("reads a session, its end and a user in one step, and remembers the answers", async () => {
    const { questions, values, reads } = slow();
    values.set(sessionKey("a"), { rev: 2, value: writeSession("{}", 1, 2) });
    values.set("u:ada", { rev: 7, value: "5 kept" });
    const answer = await questions.ask({ sid: "a", user: "u:ada" });
    expect(reads).toEqual([[sessionKey("a"), endKey("a"), "u:ada"]]);
    const epoch = { count: 7, keep: "kept", at: 5 };
    expect(answer.session?.value).toEqual({ rev: 2, json: "{}" });
    expect(answer.user?.value).toEqual(epoch);
    expect(questions.sessions.get("a")).toBe(answer.session);
    expect(questions.users.get("u:ada")).toBe(answer.user);
    vi.advanceTimersByTime(1000);
    expect(questions.sessions.get("a")).toBeUndefined();
  });

  it("about a session or a user alone reads and answers nothing else", async () => {
    const { questions, reads } = slow();
    expect(await questions.ask({ user: "u:ada" })).toEqual({
      user: { at: performance.now(), value: { count: 0, keep: "", at: 0 } },
    });
    expect(await questions.ask({ sid: "a" })).toEqual({
      session: { at: performance.now(), value: undefined },
    });
    expect(reads).toEqual([["u:ada"], [sessionKey("a"), endKey("a")]]);
    expect(await questions.ask({})).toEqual({});
    expect(reads).toHaveLength(2);
  });

  it("is sent once for all who ask it within a second, and again afterwards", async () => {
    const { questions, reads, state } = slow();
    state.delay = 2000;
    const first = questions.ask({ sid: "a" });
    await vi.advanceTimersByTimeAsync(999);
    expect(questions.ask({ sid: "a" })).toBe(first);
    const other = questions.ask({ sid: "a", user: "u:ada" });
    await vi.advanceTimersByTimeAsync(0);
    expect(reads).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    const second = questions.ask({ sid: "a" });
    expect(second).not.toBe(first);
    // The first answer does not make the second question forgotten.
    await vi.advanceTimersByTimeAsync(1000);
    await first;
    state.delay = 0;
    expect(reads).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(2000);
    await Promise.all([second, other]);
    await questions.ask({ sid: "a" });
    expect(reads).toHaveLength(4);
  });

  it("to a store without conditional writes is answered each time, and revocations are kept", async () => {
    const { questions } = slow(false);
    await questions.ask({ sid: "a", user: "u:ada" });
    questions.wrote("b", ENDED, performance.now());
    questions.wroteUser("u:eva", { count: 1, keep: "", at: 1 }, performance.now());
    expect([questions.sessions.get("a"), questions.sessions.get("b")]).toEqual([
      undefined,
      undefined,
    ]);
    expect(questions.users.get("u:ada")).toBeUndefined();
    expect(questions.users.get("u:eva")?.value.count).toBe(1);
  });

  it("comes after the revocations that the store still lacks", async () => {
    const { questions, writes, reads } = slow();
    const end: Write = { ...TOMB, key: endKey("a"), base: FAR, seconds: 60 };
    questions.pending.add(end, async () => undefined);
    await questions.read(["u:ada"]);
    expect([writes, questions.pending.isEmpty, reads]).toEqual([[end], true, [["u:ada"]]]);
  });
});

describe("a store that fails", () => {
  it("is left alone for half a second after three failures in a row", async () => {
    const { questions, reads, state } = slow();
    const fails = async () => {
      await expect(questions.read(["u:ada"])).rejects.toMatchObject({
        code: "ERR_SESSION_STORE",
        status: 503,
        cause: expect.objectContaining({ message: "down" }) as Error,
      });
      return reads.length;
    };
    state.isDown = true;
    expect([await fails(), await fails(), await fails(), await fails()]).toEqual([1, 2, 3, 3]);
    vi.advanceTimersByTime(499);
    expect(await fails()).toBe(3);
    vi.advanceTimersByTime(1);
    expect([await fails(), await fails()]).toEqual([4, 4]);
    vi.advanceTimersByTime(500);
    state.isDown = false;
    expect(await questions.read(["u:ada"])).toEqual([undefined]);
    state.isDown = true;
    expect([await fails(), await fails(), await fails(), await fails()]).toEqual([6, 7, 8, 8]);
  });
});

it("an end takes precedence over the value of a session", () => {
  const value = { rev: 1, value: "mark {}" };
  expect(readPair(value, TOMB)).toBe(ENDED);
  expect(readPair(undefined, TOMB)).toBe(ENDED);
  expect(readPair(TOMB, undefined)).toBe(ENDED);
  expect(readPair(value, undefined)).toEqual({ rev: 1, json: "{}" });
  expect(readPair(undefined, undefined)).toBeUndefined();
});
