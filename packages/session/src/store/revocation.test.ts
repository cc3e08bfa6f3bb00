import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, KEY, start, type Data } from "@galleta/test-support/jar";
import { keyValueStore } from "@galleta/test-support/key-value-store";
import { revokeOthers } from "./revoke.ts";
import { Sessions } from "../engine.ts";
import { update } from "../live/update.ts";
import { describe as describeSession, destroy, renew } from "../session/functions.ts";
import { CONNECT } from "../session/connect.ts";
import { sessionStore } from "./custom.ts";
import { memoryStore } from "./memory.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.100Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const login = (
  jar: Jar,
  { sessions }: Pick<ReturnType<typeof start>, "sessions">,
  userId: string | number = "ada",
) =>
  jar.request(sessions, (session) => {
    renew(session);
    session["userId"] = userId;
  });

describe.each([
  ["a memory store", memoryStore],
  ["get, set and delete", keyValueStore],
])("with %s", (_name, makeStore) => {
  // Two processes that share only a store.
  function pair(options: Parameters<typeof start>[0] = {}) {
    const store = makeStore();
    const all = { store, subject: "userId", ...options };
    return [start(all), start(all)] as const;
  }

  it("a saved copy is rejected after a logout, in both processes, until it expires", async () => {
    const [one, two] = pair({ maxAge: 3600 });
    const jar = new Jar();
    await login(jar, one);
    const copy = jar.copy();
    expect(await copy.read(two.sessions)).toEqual({ userId: "ada" });
    await jar.request(one.sessions, (session) => destroy(session));
    for (const { sessions } of [one, two]) {
      expect(await copy.read(sessions)).toEqual({});
      const { rejected, revocable } = await copy.request(sessions, describeSession);
      expect([rejected, revocable]).toEqual(["revoked", true]);
    }
    vi.setSystemTime(Date.now() + 3_500_000);
    expect(await copy.read(two.sessions)).toEqual({});
    expect(two.types()).toContain("revoked");
  });

  it("the id of before a renewal is rejected", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one);
    const copy = jar.copy();
    await jar.request(one.sessions, (session) => renew(session));
    expect(await copy.read(two.sessions)).toEqual({});
    expect(await jar.read(two.sessions)).toEqual({ userId: "ada" });
  });

  it("a slow request cannot bring a destroyed session back", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one);
    const slow = await jar.open(two.sessions);
    slow.session["late"] = true;
    const renewing = await jar.open(two.sessions);
    renew(renewing.session);
    const copy = jar.copy();
    await jar.request(one.sessions, (session) => destroy(session));
    expect(await copy.finish(slow)).toEqual([]);
    expect(await copy.finish(renewing)).toEqual([]);
    expect(await copy.read(two.sessions)).toEqual({});
  });

  it("revokeAll ends every session of a user and no other", async () => {
    const [one, two] = pair();
    const ada = [new Jar(), new Jar()];
    const bob = new Jar();
    for (const jar of ada) await login(jar, one);
    await login(bob, two, "bob");
    vi.setSystemTime(Date.now() + 5000);
    await two.sessions.revokeAll("ada");
    for (const { sessions } of [one, two]) {
      for (const jar of ada) expect(await jar.copy().read(sessions)).toEqual({});
      expect(await bob.read(sessions)).toEqual({ userId: "bob" });
    }
  });

  it("it also ends the sessions of an adapter made of options, without sockets", async () => {
    const given = makeStore();
    const store = CONNECT in given ? given : sessionStore(given);
    const sessions = new Sessions<Data>({ secretKey: KEY, store, subject: "userId" });
    const [here, there] = [new Jar(), new Jar()];
    for (const jar of [here, there]) await login(jar, { sessions });
    await here.request(sessions, (session) => revokeOthers(session));
    expect(await there.copy().read(sessions)).toEqual({});
    expect(await here.copy().read(sessions)).toEqual({ userId: "ada" });
    await sessions.revokeAll("ada");
    expect(await here.copy().read(sessions)).toEqual({});
  });

  it("a user who logs in again in the same second stays logged in until the next revokeAll", async () => {
    const [one, two] = pair();
    const before = new Jar();
    await login(before, one);
    for (let round = 0; round < 3; round += 1) {
      await one.sessions.revokeAll("ada");
      expect(await before.copy().read(one.sessions)).toEqual({});
      const after = new Jar();
      await login(after, two);
      expect(await after.read(one.sessions)).toEqual({ userId: "ada" });
      expect(await after.read(two.sessions)).toEqual({ userId: "ada" });
      before.cookie = after.cookie;
    }
  });

  it("a user who logs in without renew after a revocation stays logged in too", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["cart"] = 1));
    vi.setSystemTime(Date.now() + 9000);
    await one.sessions.revokeAll("ada");
    await jar.request(two.sessions, (session) => (session["userId"] = "ada"));
    expect(await jar.read(one.sessions)).toEqual({ cart: 1, userId: "ada" });
  });

  it("revokeOthers keeps the session that asks", async () => {
    const [one, two] = pair();
    const here = new Jar();
    const there = new Jar();
    await login(here, one);
    await login(there, two);
    await here.request(one.sessions, (session) => revokeOthers(session));
    for (const { sessions } of [one, two]) {
      expect(await here.read(sessions)).toEqual({ userId: "ada" });
      expect(await there.copy().read(sessions)).toEqual({});
    }
    await two.sessions.revokeAll("ada");
    expect(await here.read(one.sessions)).toEqual({});
  });

  it("users may have numbers", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one, 7);
    await two.sessions.revokeAll(7);
    expect(await jar.read(one.sessions)).toEqual({});
  });

  it("sockets are closed with their user's sessions", async () => {
    const [one] = pair();
    const [here, there, bob] = [new Jar(), new Jar(), new Jar()];
    await login(here, one);
    await login(there, one);
    await login(bob, one, "bob");
    const mine = await here.socket(one.sessions);
    const other = await there.socket(one.sessions);
    const bobs = await bob.socket(one.sessions);
    await revokeOthers(mine.session);
    const ended = { code: 1008, reason: "session ended" };
    expect([mine.closed, other.closed, bobs.closed]).toEqual([undefined, ended, undefined]);
    await one.sessions.revokeAll("ada");
    expect([mine.closed, bobs.closed]).toEqual([ended, undefined]);
  });

  it("simultaneous changes of different keys are both kept, across processes", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one);
    const first = await jar.open(one.sessions);
    const second = await jar.open(two.sessions);
    first.session["a"] = 1;
    second.session["b"] = 2;
    await jar.finish(first);
    await jar.finish(second);
    expect(await jar.read(one.sessions)).toEqual({ userId: "ada", a: 1, b: 2 });
    expect([...one.types(), ...two.types()]).not.toContain("conflict");
  });

  it("of two changes of the same key the later holds, with an event", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one);
    const first = await jar.open(one.sessions);
    const second = await jar.open(two.sessions);
    first.session["a"] = 1;
    second.session["a"] = 2;
    await jar.finish(first);
    await jar.finish(second);
    expect(await jar.read(one.sessions)).toEqual({ userId: "ada", a: 2 });
    expect(two.events.find(({ type }) => type === "conflict")).toMatchObject({ keys: ["a"] });
  });

  it("a renewal loses no change of a faster request", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one);
    const renewing = await jar.open(one.sessions);
    renew(renewing.session);
    const other = await jar.copy().open(two.sessions);
    other.session["b"] = 2;
    await jar.copy().finish(other);
    await jar.finish(renewing);
    expect(await jar.read(two.sessions)).toEqual({ userId: "ada", b: 2 });
  });

  it("a socket's change is in the next request of the other process", async () => {
    const [one, two] = pair();
    const jar = new Jar();
    await login(jar, one);
    const socket = await jar.socket(one.sessions);
    await update(socket.session, (draft) => (draft["seen"] = 7));
    expect(await jar.read(two.sessions)).toEqual({ userId: "ada", seen: 7 });
    // That response issued the cookie again, so it has the data without a store.
    expect(await jar.read(start().sessions)).toEqual({ userId: "ada", seen: 7 });
  });

  it("large data is kept in the store, and only an id in the cookie", async () => {
    const [one, two] = pair({ storage: "store" });
    const jar = new Jar();
    const large = "x".repeat(100_000);
    await jar.request(one.sessions, (session) => (session["large"] = large));
    expect(jar.cookie.length).toBeLessThan(200);
    expect(await jar.read(two.sessions)).toEqual({ large });
    await jar.request(two.sessions, (session) => destroy(session));
    expect(jar.cookie).toBe("");
  });

  it("moving between cookie and store keeps users logged in", async () => {
    const store = makeStore();
    const inCookie = start({ store });
    const inStore = start({ store, storage: "store" });
    const jar = new Jar();
    await jar.request(inCookie.sessions, (session) => (session["n"] = 1));
    const long = jar.cookie.length;
    expect(await jar.read(inStore.sessions)).toEqual({ n: 1 });
    expect(jar.cookie.length).not.toBe(long);
    expect(await jar.read(start({ store, storage: "store" }).sessions)).toEqual({ n: 1 });
    expect(await jar.read(inCookie.sessions)).toEqual({ n: 1 });
    expect(await jar.read(start().sessions)).toEqual({ n: 1 });
  });

  it("a cookie whose data is nowhere is rejected", async () => {
    const [one] = pair({ storage: "store" });
    const [other] = pair({ storage: "store" });
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["n"] = 1));
    expect(await jar.copy().read(other.sessions)).toEqual({});
    expect(await jar.copy().read(start().sessions)).toEqual({});
  });
});

it("revocation throws without a store", async () => {
  const { sessions } = start();
  await expect(sessions.revokeAll("ada")).rejects.toMatchObject({
    code: "ERR_SESSION_STORE_REQUIRED",
  });
  const { sessions: noSubject } = start({ store: memoryStore() });
  await expect(noSubject.revokeAll("ada")).rejects.toMatchObject({
    code: "ERR_SESSION_STORE_REQUIRED",
  });
  const jar = new Jar();
  await expect(jar.request(noSubject, (session) => revokeOthers(session))).rejects.toMatchObject({
    code: "ERR_SESSION_STORE_REQUIRED",
  });
  const { sessions: withSubject } = start({ store: memoryStore(), subject: "userId" });
  await expect(jar.request(withSubject, (session) => revokeOthers(session))).rejects.toMatchObject({
    code: "ERR_SESSION_ENDED",
  });
});

describe("a thief cannot outrun a revocation", () => {
  const kinds = [
    ["a memory store", memoryStore],
    ["get, set and delete", keyValueStore],
  ] as const;

  it.each(kinds)(
    "with 31 revokeOthers in one second and a renewal, with %s",
    async (_name, make) => {
      const { sessions } = start({ store: make(), subject: "userId" });
      const thief = new Jar();
      await login(thief, { sessions });
      for (let i = 0; i < 31; i += 1) {
        await thief.request(sessions, (session) => revokeOthers(session));
      }
      await thief.request(sessions, (session) => renew(session));
      await sessions.revokeAll("ada");
      expect(await thief.copy().read(sessions)).toEqual({});
    },
  );

  it.each(kinds)("with a clock that is 90 seconds ahead, with %s", async (_name, make) => {
    const store = make();
    const [ahead, right] = [
      start({ store, subject: "userId" }),
      start({ store, subject: "userId" }),
    ];
    vi.setSystemTime(Date.now() + 50_000);
    const jar = new Jar();
    await login(jar, ahead);
    vi.setSystemTime(Date.now() - 49_000);
    await right.sessions.revokeAll("ada");
    expect(await jar.copy().read(right.sessions)).toEqual({});
    const after = new Jar();
    await login(after, right);
    expect(await after.read(right.sessions)).toEqual({ userId: "ada" });
  });

  it.each(kinds)("with a renewal that is on its way, with %s", async (_name, make) => {
    const { sessions } = start({ store: make(), subject: "userId" });
    const thief = new Jar();
    await login(thief, { sessions });
    const renewing = await thief.open(sessions);
    renew(renewing.session);
    await sessions.revokeAll("ada");
    await thief.finish(renewing);
    expect(await thief.read(sessions)).toEqual({});
  });

  it.each(kinds)("by revoking the owner from a revoked session, with %s", async (_name, make) => {
    const { sessions } = start({ store: make(), subject: "userId" });
    const [owner, thief] = [new Jar(), new Jar()];
    await login(owner, { sessions });
    await login(thief, { sessions });
    const late = await thief.open(sessions);
    expect(late.session["userId"]).toBe("ada");
    await owner.request(sessions, (session) => revokeOthers(session));
    await expect(revokeOthers(late.session)).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
    expect(await owner.read(sessions)).toEqual({ userId: "ada" });
  });

  it("when the store is emptied between two revocations", async () => {
    const map = new Map<string, string>();
    const store = {
      get: (key: string) => map.get(key),
      set: (key: string, value: string) => void map.set(key, value),
      delete: (key: string) => map.delete(key),
    };
    const { sessions } = start({ store, subject: "userId" });
    const jar = new Jar();
    await sessions.revokeAll("ada");
    await login(jar, { sessions });
    map.clear();
    await sessions.revokeAll("ada");
    expect(await jar.read(sessions)).toEqual({});
  });
});

describe("with get, set and delete", () => {
  it("a pending write of another process does not bring a destroyed session back", async () => {
    const store = keyValueStore();
    const [one, two] = [start({ store }), start({ store })];
    for (let i = 0; i < 30; i += 1) {
      const jar = new Jar();
      await jar.request(one.sessions, (session) => (session["user"] = "ada"));
      const [copy, late] = [jar.copy(), jar.copy()];
      const writing = await jar.open(two.sessions);
      writing.session["n"] = i;
      const ending = await jar.open(one.sessions);
      destroy(ending.session);
      await Promise.all([late.finish(writing), jar.finish(ending)]);
      expect(await copy.read(two.sessions)).toEqual({});
      expect(await late.read(one.sessions)).toEqual({});
    }
  });
});

it("an old cookie is rejected as long as the session lasts", async () => {
  const store = memoryStore();
  const [one, two] = [start({ store }), start({ store })];
  const jar = new Jar();
  await jar.request(one.sessions, (session) => (session["admin"] = true));
  const old = jar.copy();
  await jar.request(one.sessions, (session) => (session["admin"] = false));
  vi.setSystemTime(Date.now() + 13 * 86_400_000);
  expect(await old.read(two.sessions)).toEqual({ admin: false });
});
