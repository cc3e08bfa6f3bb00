import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket, Jar, start, type Data } from "@galleta/test-support/jar";
import type { Sessions } from "../engine.ts";
import { destroy } from "../session/functions.ts";
import { sessionStore } from "../store/custom.ts";
import { userKey } from "../store/keys.ts";
import { memoryStore } from "../store/memory.ts";
import { bucketOf } from "./buckets.ts";

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") }));
afterEach(() => void vi.useRealTimers());

const ENDED = { code: 1008, reason: "session ended" };

/** A store that counts what a process asks it. It may lose its values, and fail. */
function counting(isLocal: boolean, shared = memoryStore()) {
  const reads: number[] = [];
  const state = { isDown: false, isEmpty: false, watchers: 0 };
  const get = (keys: readonly string[]) => {
    reads.push(keys.length);
    if (state.isDown) throw new Error("down");
    return state.isEmpty ? keys.map(() => undefined) : shared.get(keys);
  };
  const store = sessionStore({
    isLocal,
    get: (keys: readonly string[]) => (isLocal ? get(keys) : Promise.resolve(keys).then(get)),
    replace: (write) => shared.replace(write),
    ...(isLocal && {
      watch(onWrite) {
        state.watchers += 1;
        const stop = shared.watch!(onWrite);
        return () => {
          state.watchers -= 1;
          stop();
        };
      },
    }),
  });
  const count = () => reads.splice(0);
  return { store, shared, state, count };
}

async function login(sessions: Sessions<Data>, user = "ana"): Promise<Jar> {
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["user"] = user));
  return jar;
}

const backplane = () => {
  let gap = () => {};
  return {
    publish: () => undefined,
    subscribe: (_onMessage: unknown, onGap: () => void) => void (gap = onGap),
    close: () => undefined,
    gap: () => gap(),
  };
};

describe("a process alone with a store on the network", () => {
  it("reads the sessions of its sockets once a second, and nothing without sockets", async () => {
    const { store, count } = counting(false);
    const { sessions } = start({ store });
    const sockets = [
      await (await login(sessions)).socket(sessions),
      await (await login(sessions)).socket(sessions),
    ];
    await vi.advanceTimersByTimeAsync(1);
    count();
    await vi.advanceTimersByTimeAsync(999);
    expect(count()).toEqual([4]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(count()).toEqual([4, 4, 4, 4, 4]);
    sockets[0]?.handle?.detach();
    await vi.advanceTimersByTimeAsync(1000);
    expect(count()).toEqual([2]);
    sockets[1]?.handle?.detach();
    await vi.advanceTimersByTimeAsync(5000);
    expect(count()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("reads nothing between stop and start, and then all at once", async () => {
    const { store, count } = counting(false);
    const { sessions } = start({ store });
    sessions.start();
    expect(vi.getTimerCount()).toBe(0);
    const socket = await (await login(sessions)).socket(sessions);
    await vi.advanceTimersByTimeAsync(1);
    sessions.stop();
    count();
    await vi.advanceTimersByTimeAsync(5000);
    expect(count()).toEqual([]);
    sessions.start();
    sessions.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(count()).toEqual([2]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(count()).toEqual([2]);
    socket.handle?.detach();
  });

  it("shows a change and an end that another process wrote", async () => {
    const { store, shared } = counting(false);
    const here = start({ store });
    const elsewhere = start({ store: counting(false, shared).store });
    const jar = await login(here.sessions);
    const socket = await jar.socket(here.sessions);
    await vi.advanceTimersByTimeAsync(1);
    await jar.request(elsewhere.sessions, (session) => void (session["n"] = 1));
    await vi.advanceTimersByTimeAsync(3000);
    expect([socket.session, socket.changes]).toEqual([{ user: "ana", n: 1 }, 1]);
    await jar.request(elsewhere.sessions, (session) => destroy(session));
    await vi.advanceTimersByTimeAsync(1000);
    expect(socket.closed).toEqual(ENDED);
  });

  it("reads a session right after its first socket opened", async () => {
    const { store, shared, count } = counting(false);
    const { sessions } = start({ store });
    const jar = await login(sessions);
    const context = await jar.open(sessions);
    void context.session;
    const elsewhere = start({ store: counting(false, shared).store });
    await jar.copy().request(elsewhere.sessions, (session) => destroy(session));
    count();
    await jar.finish(context);
    context.handshakeSent();
    const socket = new FakeSocket(context, {});
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect([socket.closed, count()]).toEqual([ENDED, [2]]);
  });

  it("reads all sessions that opened in one turn together, at most 200 in one step", async () => {
    const { store, count } = counting(false);
    const { sessions } = start({ store });
    const jars = await Promise.all(Array.from({ length: 201 }, () => login(sessions)));
    const sockets = await Promise.all(jars.map((jar) => jar.socket(sessions)));
    count();
    await vi.advanceTimersByTimeAsync(1);
    expect(count()).toEqual([400, 2]);
    await vi.advanceTimersByTimeAsync(999);
    expect(count()).toEqual([400, 2]);
    for (const { handle } of sockets) handle?.detach();
  });

  it("leaves sockets open while the store fails or has lost a session, and tells of a failure", async () => {
    const { store, state } = counting(false);
    const { sessions, events } = start({ store });
    const socket = await (await login(sessions)).socket(sessions);
    await vi.advanceTimersByTimeAsync(1);
    state.isEmpty = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect([events.filter(({ type }) => type === "store"), socket.changes]).toEqual([[], 0]);
    state.isDown = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(events.at(-1)).toMatchObject({ type: "store", reason: "failed" });
    expect([socket.closed, socket.session]).toEqual([undefined, { user: "ana" }]);
    socket.handle?.detach();
  });

  it("forgets the answer about a socket that closed meanwhile", async () => {
    const { store } = counting(false);
    const { sessions, events } = start({ store });
    const socket = await (await login(sessions)).socket(sessions);
    setTimeout(() => queueMicrotask(() => socket.handle?.detach()), 1000);
    await vi.advanceTimersByTimeAsync(2000);
    expect(events.filter(({ type }) => type === "store")).toEqual([]);
  });
});

describe("a process with a backplane", () => {
  it("reads the sessions of its sockets every 30 seconds", async () => {
    const { store, count } = counting(false);
    const { sessions } = start({ store, backplane: backplane() });
    const socket = await (await login(sessions)).socket(sessions);
    await vi.advanceTimersByTimeAsync(1);
    count();
    await vi.advanceTimersByTimeAsync(29_998);
    expect(count()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(count()).toEqual([2]);
    socket.handle?.detach();
  });

  it("reads at most 200 sessions in one step after a gap, and none without sockets", async () => {
    const { store, count } = counting(false);
    const bus = backplane();
    const { sessions } = start({ store, backplane: bus });
    const jars = await Promise.all(Array.from({ length: 201 }, () => login(sessions)));
    count();
    bus.gap();
    await vi.advanceTimersByTimeAsync(1);
    expect(count()).toEqual([]);
    const sockets = await Promise.all(jars.map((jar) => jar.socket(sessions)));
    await vi.advanceTimersByTimeAsync(1);
    count();
    bus.gap();
    // It closes while the first 200 are read.
    sockets.at(-1)?.handle?.detach();
    await vi.advanceTimersByTimeAsync(1);
    expect(count()).toEqual([400]);
    for (const { handle } of sockets) handle?.detach();
  });

  it("unfollows a bucket when the last of its sessions has no socket", async () => {
    const log: string[] = [];
    const note = (what: string) => (bucket: number) => void log.push(`${what} ${bucket}`);
    const followed = { ...backplane(), follow: note("follow"), unfollow: note("unfollow") };
    const { sessions } = start({ store: memoryStore(), backplane: followed });
    // Two sessions of one bucket.
    const byBucket = new Map<number, Awaited<ReturnType<Jar["socket"]>>[]>();
    let pair: Awaited<ReturnType<Jar["socket"]>>[] = [];
    while (pair.length < 2) {
      const socket = await (await login(sessions)).socket(sessions);
      const bucket = bucketOf(socket.context.state.sid);
      pair = [...(byBucket.get(bucket) ?? []), socket];
      byBucket.set(bucket, pair);
    }
    const bucket = bucketOf(pair[0]!.context.state.sid);
    const ofPair = () => log.filter((line) => line.endsWith(` ${bucket}`));
    expect(ofPair()).toEqual([`follow ${bucket}`]);
    pair[0]?.handle?.detach();
    expect(ofPair()).toEqual([`follow ${bucket}`]);
    pair[1]?.handle?.detach();
    await vi.advanceTimersByTimeAsync(1);
    expect(ofPair()).toEqual([`follow ${bucket}`, `unfollow ${bucket}`]);
    for (const sockets of byBucket.values()) for (const { handle } of sockets) handle?.detach();
  });
});

describe("a process with a store in its memory", () => {
  it("shows what others in the process wrote, reading only what has sockets", async () => {
    const { store, shared, count, state } = counting(true);
    const here = start({ store, subject: "user" });
    const elsewhere = start({ store: shared, subject: "user" });
    const [ana, eva] = [await login(here.sessions), await login(here.sessions, "eva")];
    const socket = await ana.socket(here.sessions);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.watchers).toBe(1);
    count();
    await eva.request(elsewhere.sessions, (session) => void (session["n"] = 1));
    await elsewhere.sessions.revokeAll("eva");
    await vi.advanceTimersByTimeAsync(5000);
    expect(count()).toEqual([]);
    await ana.request(elsewhere.sessions, (session) => void (session["n"] = 1));
    await vi.advanceTimersByTimeAsync(1);
    expect([socket.session["n"], count()]).toEqual([1, [3]]);
    shared.replace({
      key: userKey("ana"),
      base: Number.MAX_SAFE_INTEGER,
      rev: 7,
      value: "0 ",
      seconds: 60,
    });
    await vi.advanceTimersByTimeAsync(1);
    expect([socket.closed, state.watchers]).toEqual([ENDED, 0]);
  });

  it("does not read a session right after its socket opened, and starts to watch once", async () => {
    const { store, count, state } = counting(true);
    const { sessions } = start({ store });
    const jar = await login(sessions);
    const one = await jar.socket(sessions);
    await (await login(sessions)).socket(sessions);
    count();
    await vi.advanceTimersByTimeAsync(1);
    expect(count()).toEqual([]);
    sessions.start();
    expect(state.watchers).toBe(1);
    one.handle?.detach();
    expect(state.watchers).toBe(1);
    sessions.stop();
    expect(state.watchers).toBe(0);
  });
});
