import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Backplane } from "./backplane.ts";
import { bucketOf } from "./buckets.ts";
import { nameIn, readForeignMessage } from "./foreign-messages.ts";
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

  test("follows the buckets of sessions and users that have sockets", async () => {
    const log: string[] = [];
    const errors: unknown[] = [];
    const backplane: Backplane = {
      publish: () => undefined,
      subscribe: () => undefined,
      follow: (bucket) => void log.push(`follow ${bucket}`),
      unfollow: (bucket) => void log.push(`unfollow ${bucket}`),
      close: () => undefined,
    };
    const live = liveSockets({ backplane, onError: (error) => void errors.push(error) });
    const [one, two] = [open(live, { id: "a", user: 7 }), open(live, { id: "a" })];
    const [session, user] = [bucketOf(nameIn("s", "a")), bucketOf(nameIn("u", 7))];
    expect(log.splice(0)).toEqual([`follow ${session}`, `follow ${user}`]);
    one.handle?.detach();
    one.handle?.detach();
    expect(log.splice(0)).toEqual([`unfollow ${user}`]);
    two.handle?.detach();
    two.handle?.detach();
    expect(log).toEqual([`unfollow ${session}`]);
    await vi.advanceTimersByTimeAsync(0);
    expect(errors).toEqual([]);
  });

  test("needs neither a backplane, nor its optional methods, nor a check", async () => {
    const errors: unknown[] = [];
    const { connect, gaps } = bus();
    for (const backplane of [undefined, connect()]) {
      const live = liveSockets({ backplane, onError: (error) => void errors.push(error) });
      const { handle } = open(live, { id: "a", user: 7 });
      await live.end("b");
      for (const onGap of gaps) onGap();
      handle?.detach();
      await live.stop();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(errors).toEqual([]);
  });

  test("asks nothing after a gap if there are no sockets", async () => {
    const check = vi.fn(async () => []);
    const { first, gaps } = processes({ check });
    await first.end("a");
    for (const onGap of gaps) onGap();
    await vi.advanceTimersByTimeAsync(0);
    expect(check).not.toHaveBeenCalled();
  });

  test("stops listening once, and listens again for the next socket", async () => {
    const [subscribe, close] = [vi.fn(), vi.fn()];
    const live = liveSockets({ backplane: { publish: () => undefined, subscribe, close } });
    await live.stop();
    expect(close).not.toHaveBeenCalled();
    open(live, { id: "a" });
    open(live, { id: "b" });
    await live.stop();
    await live.stop();
    expect([subscribe.mock.calls.length, close.mock.calls.length]).toEqual([1, 1]);
    open(live, { id: "c" });
    expect(subscribe).toHaveBeenCalledTimes(2);
  });

  test("does not close the sockets of a new login if its own message returns late", async () => {
    let listen = (_message: string) => {};
    const sent: string[] = [];
    const backplane: Backplane = {
      publish: (message) => void sent.push(message),
      subscribe: (onMessage) => void (listen = onMessage),
      close: () => undefined,
    };
    const live = liveSockets({ backplane });
    await live.endUser("ana");
    const { closed } = open(live, { id: "new", user: "ana" });
    for (const message of sent) listen(message);
    expect(closed).toEqual([]);
  });

  test("tells a missing user or session to keep from one named undefined", async () => {
    const live = liveSockets();
    const [nobody, named] = [open(live, { id: "a" }), open(live, { id: "undefined", user: 7 })];
    await live.endUser("undefined");
    expect(nobody.closed).toEqual([]);
    await live.endUser(7);
    expect(named.closed).toEqual(["1008 session ended"]);
  });

  test("closes a socket that arrives in the second in which its session expires", () => {
    vi.setSystemTime(1_800_000_000_000);
    const { handle } = open(liveSockets(), { id: "a", expiresAt: new Date() });
    expect(handle).toBeUndefined();
  });

  test.each(["publish", "subscribe", "close"])("throws for a backplane without %s", (name) => {
    const backplane = { publish() {}, subscribe() {}, close() {}, [name]: undefined };
    expect(() => liveSockets({ backplane: backplane as unknown as Backplane })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });

  test.each([undefined, null, 7, ""])("throws for a session with the id %j", (id) => {
    expect(() => open(liveSockets(), { id: id as string })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });
});

test("messages of other processes are read as far as they are ours", () => {
  const read = (message: object) => readForeignMessage(JSON.stringify(message));
  const name = "s:".padEnd(64, "a");
  const sender = "me";
  expect(read({ kind: "end", name, sender, keep: 7 })).toEqual({ kind: "end", name, sender });
  const user = { kind: "user", name, sender };
  expect(read(user)).toEqual(user);
  expect(read({ ...user, keep: "s:b" })).toEqual({ ...user, keep: "s:b" });
  const others = [
    { ...user, keep: 7 },
    { ...user, keep: null },
    { ...user, kind: "other" },
    { ...user, name: `${name}a` },
    { kind: "end", name: `${name}a` },
    { kind: "end", name: 7 },
    { kind: "end", name: {} },
    { kind: "end" },
  ];
  expect(others.map(read)).toEqual(others.map(() => undefined));
});
