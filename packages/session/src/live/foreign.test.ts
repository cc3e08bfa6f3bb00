import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Backplane } from "./backplane.ts";
import { liveSockets } from "./foreign.ts";
import type { ForeignSession, LiveSocketsSettings } from "./foreign-types.ts";

/** A bus between processes. Without `follow` every process receives everything. */
function bus() {
  const listeners = new Map<object, (message: string) => void>();
  const sent: string[] = [];
  const gaps: (() => void)[] = [];
  const connect = (): Backplane => {
    const own = {};
    return {
      publish: (message) => {
        sent.push(message);
        for (const listen of listeners.values()) listen(message);
      },
      subscribe: (onMessage, onGap) => {
        listeners.set(own, onMessage);
        gaps.push(onGap);
      },
      close: () => listeners.delete(own),
    };
  };
  return { connect, sent, gaps };
}

function open(live: ReturnType<typeof liveSockets>, session: ForeignSession) {
  const closed: string[] = [];
  const handle = live.attachSocket(session, {
    close: (code, reason) => void closed.push(`${code} ${reason}`),
  });
  return { handle, closed };
}

const processes = (settings: LiveSocketsSettings = {}) => {
  const { connect, sent, gaps } = bus();
  const make = () => liveSockets({ backplane: connect(), ...settings });
  return { first: make(), second: make(), sent, gaps };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("liveSockets", () => {
  test("closes the sockets of an ended session in every process, and no others", async () => {
    const { first, second } = processes();
    const [here, there] = [open(first, { id: "a" }), open(second, { id: "a" })];
    const other = open(second, { id: "b" });
    await first.end("a");
    expect(here.closed).toEqual(["1008 session ended"]);
    expect(there.closed).toEqual(["1008 session ended"]);
    expect(other.closed).toEqual([]);
  });

  test("closes all sockets of a user except those of the session to keep", async () => {
    const { first, second } = processes();
    const kept = open(second, { id: "a", user: 7 });
    const ended = open(second, { id: "b", user: 7 });
    const stranger = open(second, { id: "c", user: "8" });
    await first.endUser(7, { keep: "a" });
    expect([kept.closed, ended.closed, stranger.closed]).toEqual([[], ["1008 session ended"], []]);
    await first.endUser(7);
    expect(kept.closed).toEqual(["1008 session ended"]);
  });

  test("closes a socket when its session expires, and later if it was prolonged", () => {
    const live = liveSockets();
    const { handle, closed } = open(live, { id: "a", expiresAt: new Date(Date.now() + 10_000) });
    vi.advanceTimersByTime(8000);
    handle!.prolong(new Date(Date.now() + 60_000));
    vi.advanceTimersByTime(30_000);
    expect(closed).toEqual([]);
    vi.advanceTimersByTime(40_000);
    expect(closed).toEqual(["1008 session expired"]);
  });

  test("closes a socket that arrives after the end of its session", async () => {
    const live = liveSockets();
    await live.end("a");
    const late = open(live, { id: "a" });
    expect(late).toMatchObject({ handle: undefined, closed: ["1008 session ended"] });
    const past = open(live, { id: "b", expiresAt: new Date(Date.now() - 1) });
    expect(past).toMatchObject({ handle: undefined, closed: ["1008 session expired"] });
  });

  test("closes a late socket of an old session, but not one of a new login", async () => {
    const live = liveSockets();
    const createdAt = new Date();
    vi.advanceTimersByTime(1000);
    await live.endUser("ana");
    expect(open(live, { id: "a", user: "ana", createdAt }).handle).toBeUndefined();
    vi.advanceTimersByTime(1000);
    const again = { id: "b", user: "ana", createdAt: new Date() };
    expect(open(live, again).handle).toBeDefined();
  });

  test("remembers an end for a minute, and for a user's sessions by their beginning", async () => {
    const live = liveSockets();
    const createdAt = new Date();
    await live.end("a");
    await live.endUser("ana", { keep: "kept" });
    const opens = (session: ForeignSession) => open(live, session).handle !== undefined;
    const late = { id: "late", user: "ana", createdAt };
    expect(opens(late)).toBe(false);
    expect(opens({ ...late, id: "kept" })).toBe(true);
    expect(opens({ ...late, user: "eva" })).toBe(true);
    expect(opens({ ...late, createdAt: undefined })).toBe(true);
    vi.advanceTimersByTime(58_000);
    expect([opens({ id: "a" }), opens(late)]).toEqual([false, false]);
    vi.advanceTimersByTime(4000);
    expect([opens({ id: "a" }), opens(late)]).toEqual([true, true]);
  });

  test("forgets a socket that was closed", async () => {
    const live = liveSockets();
    const { handle, closed } = open(live, { id: "a", user: "ana" });
    handle!.detach();
    handle!.detach();
    await live.end("a");
    await live.endUser("ana");
    expect(closed).toEqual([]);
  });

  test("closes the other sockets if one fails", async () => {
    const live = liveSockets();
    const broken = () => {
      throw new Error("broken");
    };
    live.attachSocket({ id: "a" }, { close: broken });
    const { closed } = open(live, { id: "a" });
    await live.end("a");
    expect(closed).toEqual(["1008 session ended"]);
  });

  test("asks which sessions still exist when messages may have been missed", async () => {
    const asked: string[][] = [];
    const check = async (ids: readonly string[]) => {
      asked.push([...ids]);
      return ["a"];
    };
    const { first, gaps } = processes({ check });
    const [alive, gone] = [open(first, { id: "a", user: 1 }), open(first, { id: "b", user: 1 })];
    for (const onGap of gaps) onGap();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual([["a", "b"]]);
    expect([alive.closed, gone.closed]).toEqual([[], ["1008 session ended"]]);
  });

  test("sends no id of a session or user to other processes", async () => {
    const { first, sent } = processes();
    await first.end("a-credential");
    await first.endUser("ana@example.com", { keep: "a-credential" });
    expect(sent.join()).not.toMatch(/credential|ana/);
  });

  test.each([
    "",
    "null",
    "[]",
    '{"kind":"end"}',
    '{"kind":"user","name":1}',
    '{"kind":"x","name":"s:a"}',
  ])("ignores a message that is not ours: %j", (text) => {
    const { connect } = bus();
    const backplane = connect();
    const live = liveSockets({ backplane });
    const { closed } = open(live, { id: "a" });
    void backplane.publish(text, 0);
    expect(closed).toEqual([]);
  });

  test("reports a backplane that fails, and still ends sessions here", async () => {
    const errors: unknown[] = [];
    const failing: Backplane = {
      publish: () => Promise.reject(new Error("away")),
      subscribe: () => undefined,
      close: () => undefined,
    };
    const live = liveSockets({ backplane: failing, onError: (error) => void errors.push(error) });
    const { closed } = open(live, { id: "a" });
    await live.end("a");
    expect(closed).toEqual(["1008 session ended"]);
    expect(errors).toMatchObject([{ message: "away" }]);
  });

  test("throws for a backplane without its methods, and for a session without an id", () => {
    expect(() => liveSockets({ backplane: {} as Backplane })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
    expect(() => open(liveSockets(), { id: "" })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });
});
