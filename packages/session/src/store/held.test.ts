import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { start } from "@galleta/test-support/jar";
import { ENDED } from "../session/records.ts";
import type { SessionStorePort } from "./connected-store.ts";
import { sessionStore } from "./custom.ts";
import { writeEpoch } from "./epoch.ts";
import { endKey, sessionKey, TOMB, userKey, writeSession } from "./keys.ts";
import { memoryStore } from "./memory.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const [ADA, EVA] = [userKey("ada"), userKey("eva")];
const UNTIL = 1_800_000_600;
const later = async () => undefined;
const held = (sid: string, user?: string, epoch = 0) => ({
  sid,
  data: user === undefined ? {} : { user },
  meta: epoch === 0 ? {} : { epoch },
});

/** The store as sockets ask it, and its values. */
function opened(storage: "cookie" | "store" = "cookie") {
  const shared = memoryStore();
  const { sessions } = start({
    storage,
    subject: "user",
    store: sessionStore({
      isLocal: false,
      get: async (keys: readonly string[]) => shared.get(keys),
      replace: async (write) => shared.replace(write),
    }),
  });
  const port = sessions.shared.store as SessionStorePort;
  const put = (key: string, rev: number, value: string) =>
    void shared.replace({ key, base: Number.MAX_SAFE_INTEGER, rev, value, seconds: 600 });
  const putSession = (sid: string, rev: number, json: string) =>
    put(sessionKey(sid), rev, writeSession(json, 1, 2));
  const revoke = (key: string, count: number, keep = "") =>
    put(key, count, writeEpoch({ count, keep, at: 1 }));
  return { port, put, putSession, revoke };
}

describe("sessions that sockets hold", () => {
  it("are asked about together, each with its user", async () => {
    const { port, put, putSession, revoke } = opened();
    for (const sid of ["a", "b", "c", "d", "e"]) putSession(sid, 2, `{"of":"${sid}"}`);
    put(endKey("b"), TOMB.rev, "");
    revoke(EVA, 7);
    const list = [held("a", "ada"), held("b"), held("c", "eva"), held("d"), held("x", "ada")];
    expect(await port.check(list)).toEqual([
      { rev: 2, json: '{"of":"a"}' },
      ENDED,
      ENDED,
      { rev: 2, json: '{"of":"d"}' },
      undefined,
    ]);
    expect(await port.check([held("e", "ada"), held("a", "eva")])).toEqual([
      { rev: 2, json: '{"of":"e"}' },
      ENDED,
    ]);
  });

  it("are over if the store lost their data", async () => {
    expect(await opened("store").port.check([held("a")])).toEqual([ENDED]);
    expect(await opened("cookie").port.check([held("a")])).toEqual([undefined]);
  });

  it("are judged by the count in their newest data", async () => {
    const { port, putSession, revoke } = opened();
    revoke(ADA, 65_536 + 5);
    putSession("new", 2, '[{"user":"ada"},{"epoch":65541}]');
    putSession("old", 2, '[{"user":"ada"},{"epoch":65540}]');
    const outcomes = await port.check([
      held("new", "ada", 65_540),
      held("old", "ada", 65_541),
      held("unknown", "ada", 65_541),
      held("gone", "ada", 65_540),
    ]);
    expect(outcomes).toEqual([expect.objectContaining({ rev: 2 }), ENDED, undefined, ENDED]);
  });

  it("are over here if the store does not have their end or revocation yet", async () => {
    const { port, putSession } = opened();
    const { pending } = port.questions;
    for (const sid of ["a", "b", "kept"]) putSession(sid, 1, '{"user":"ada"}');
    vi.spyOn(pending, "flush").mockResolvedValue();
    pending.add({ ...TOMB, key: endKey("a"), base: 9, seconds: 60 }, later);
    expect(await port.check([held("a"), held("b", "ada")])).toMatchObject([ENDED, { rev: 1 }]);
    expect([port.knowsEnd(held("a")), port.knowsEnd(held("b", "ada"))]).toEqual([true, false]);
    pending.addUser(ADA, "kept", UNTIL, later);
    const list = [held("b", "ada"), held("kept", "ada"), held("b", "eva"), held("b")];
    expect(await port.check(list)).toMatchObject([ENDED, { rev: 1 }, { rev: 1 }, { rev: 1 }]);
    expect(list.map((each) => port.knowsEnd(each))).toEqual([true, false, false, false]);
    // A renewal in the same request keeps the session under its next id.
    const renewed = { ...held("b", "ada"), next: "kept" };
    expect(port.knowsEnd(renewed)).toBe(false);
  });

  it("are known to be over from answers of the last second", async () => {
    const { port, put, putSession, revoke } = opened();
    putSession("a", 1, "{}");
    put(endKey("b"), TOMB.rev, "");
    await port.check([held("a"), held("b")]);
    expect([port.knowsEnd(held("a")), port.knowsEnd(held("b"))]).toEqual([false, true]);
    revoke(ADA, 65_541, "kept");
    await port.questions.ask({ user: ADA });
    const sessions = [held("a", "ada"), held("kept", "ada"), held("a", "ada", 65_541)];
    expect(sessions.map((each) => port.knowsEnd(each))).toEqual([true, false, false]);
    expect(port.knowsEnd({ ...held("a", "ada"), next: "kept" })).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(sessions.map((each) => port.knowsEnd(each))).toEqual([false, false, false]);
  });
});
