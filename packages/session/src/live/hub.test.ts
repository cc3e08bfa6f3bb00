import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { FakeSocket, Jar, start, type Data } from "@galleta/test-support/jar";
import type { Sessions } from "../engine.ts";
import { cookieSession } from "../formats/cookie-session.ts";
import { destroy, renew, setMaxAge } from "../session/functions.ts";
import { sessionStore } from "../store/custom.ts";
import { memoryStore } from "../store/memory.ts";
import { userKey } from "../store/keys.ts";
import { revokeOthers } from "../store/revoke.ts";
import type { Attached } from "./attached.ts";
import { bucketOf } from "./buckets.ts";
import { live } from "./live.ts";
import { sessionBackplane } from "./session-backplane.ts";
import { currentOf, expiresAt, refresh } from "./socket-session.ts";
import { update } from "./update.ts";

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") }));
afterEach(() => void vi.useRealTimers());

const ENDED = { code: 1008, reason: "session ended" };
const EXPIRED = { code: 1008, reason: "session expired" };
const soon = () => vi.advanceTimersByTimeAsync(1);

/** A bus whose messages wait until the test delivers them, and what a process asked of it. */
function bus() {
  const log: string[] = [];
  const waiting: { text: string; bucket: number }[] = [];
  const listeners = new Map<object, { onMessage: (text: string) => void; onGap: () => void }>();
  const connect = (isLogged = false) => {
    const own = {};
    const note = (what: string) => void (isLogged && log.push(what));
    return sessionBackplane({
      publish: (text, bucket) => void waiting.push({ text, bucket }),
      async subscribe(onMessage, onGap) {
        await Promise.resolve();
        note("subscribe");
        listeners.set(own, { onMessage, onGap });
      },
      follow: (bucket) => note(`follow ${bucket}`),
      unfollow: (bucket) => note(`unfollow ${bucket}`),
      close() {
        note("close");
        listeners.delete(own);
      },
    });
  };
  const deliver = (texts = waiting.splice(0).map(({ text }) => text)) => {
    for (const text of texts) for (const { onMessage } of listeners.values()) onMessage(text);
  };
  const gap = () => {
    for (const { onGap } of listeners.values()) onGap();
  };
  return { connect, deliver, gap, log, waiting };
}

async function login(sessions: Sessions<Data>, user = "ana"): Promise<Jar> {
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["user"] = user));
  return jar;
}

const sidOf = ({ context }: FakeSocket) => context.state.sid;
const storeEvents = (events: { type: string }[]) => events.filter(({ type }) => type === "store");

/** A store of another process, whose writes this process does not see. */
function remoteStore() {
  const shared = memoryStore();
  const open = () =>
    sessionStore({
      isLocal: false,
      get: async (keys: readonly string[]) => shared.get(keys),
      replace: async (write) => shared.replace(write),
    });
  return { open };
}

describe("the exchange of tickets", () => {
  it("has an endpoint only where a page may need it", () => {
    const paths = (options: Parameters<typeof start>[0]) => {
      const { sessions } = start(options);
      live(sessions);
      return [sessions.exchangePath, ...sessions.shared.endpoints.keys()];
    };
    const path = "/.galleta/session";
    expect(paths({})).toEqual([path, path]);
    expect(paths({ store: memoryStore() })).toEqual([undefined]);
    expect(paths({ store: memoryStore(), socketActivity: true })).toEqual([path, path]);
    expect(paths({ writeAs: cookieSession({ secretKey: "another key" }) })).toEqual([undefined]);
  });

  it("is answered by that endpoint to a POST", async () => {
    const { sessions } = start();
    const jar = await login(sessions);
    const tickets: string[] = [];
    const { session } = await jar.socket(sessions);
    const deliver = (ticket: string) => void tickets.push(ticket);
    const done = update(session, (draft) => void (draft["n"] = 1), { deliver });
    await soon();
    const endpoint = sessions.shared.endpoints.get("/.galleta/session");
    expect(endpoint?.method).toBe("POST");
    const context = (await jar.open(sessions)) as never;
    const body = new TextEncoder().encode(tickets[0]);
    expect(await endpoint?.answer(context, facts(), body)).toMatchObject({ status: 200 });
    await done;
    expect(session["n"]).toBe(1);
  });
});

describe("sessions that start and stop", () => {
  it("need neither a store nor a backplane", async () => {
    for (const options of [{}, { store: memoryStore() }]) {
      const { sessions, events } = start(options);
      live(sessions).start();
      const jar = await login(sessions);
      await jar.socket(sessions);
      await jar.request(sessions, (session) => void (session["n"] = 1));
      sessions.stop();
      await soon();
      expect(storeEvents(events)).toEqual([]);
    }
  });

  it("subscribe once, and without a store follow the bucket of all", async () => {
    const { connect, log, gap } = bus();
    const { sessions, events } = start({ backplane: connect(true) });
    sessions.start();
    sessions.start();
    await soon();
    expect(log).toEqual(["subscribe", "follow 0"]);
    expect(gap).not.toThrow();
    sessions.stop();
    sessions.stop();
    expect(log).toEqual(["subscribe", "follow 0", "close"]);
    expect(storeEvents(events)).toEqual([]);
  });

  it("close no backplane that they did not use", () => {
    const { connect, log } = bus();
    start({ backplane: connect(true) }).sessions.stop();
    expect(log).toEqual([]);
  });

  it("follow the buckets of open sockets again, once they are subscribed", async () => {
    const { connect, log } = bus();
    const { sessions } = start({ backplane: connect(true), store: memoryStore() });
    const socket = await (await login(sessions)).socket(sessions);
    sessions.stop();
    log.length = 0;
    sessions.start();
    await soon();
    expect(log).toEqual(["subscribe", `follow ${bucketOf(sidOf(socket))}`]);
  });

  it("work with a backplane that has only the three methods", async () => {
    const [publish, subscribe, close] = [vi.fn(), vi.fn(), vi.fn()];
    for (const options of [{}, { store: memoryStore() }]) {
      const { sessions, events } = start({ ...options, backplane: { publish, subscribe, close } });
      const socket = await (await login(sessions)).socket(sessions);
      await soon();
      socket.handle?.detach();
      await soon();
      expect(storeEvents(events)).toEqual([]);
    }
  });
});

describe("a process with a store", () => {
  it("follows the bucket of each session and user while it has a socket, and no longer", async () => {
    const { connect, log } = bus();
    const { sessions } = start({
      backplane: connect(true),
      store: memoryStore(),
      subject: "user",
    });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["n"] = 1));
    const [one, two] = [await jar.socket(sessions), await jar.socket(sessions)];
    await soon();
    const bucket = bucketOf(sidOf(one));
    const next = () => log.splice(0);
    expect(next()).toEqual(["subscribe", `follow ${bucket}`]);
    const [ana, eva] = ["ana", "eva"].map((user) => bucketOf(userKey(user)));
    for (const user of ["ana", "ana", "eva", undefined, "ana"]) {
      await jar.request(sessions, (session) => void Object.assign(session, { user, at: {} }));
    }
    await soon();
    expect(next()).toEqual([
      `follow ${ana}`,
      `unfollow ${ana}`,
      `follow ${eva}`,
      `unfollow ${eva}`,
      `follow ${ana}`,
    ]);
    one.handle?.detach();
    expect(next()).toEqual([]);
    await jar.request(sessions, (session) => renew(session));
    await soon();
    const renewed = bucketOf(sidOf(two));
    expect(next()).toEqual([`unfollow ${bucket}`, `follow ${renewed}`]);
    two.handle?.detach();
    await soon();
    expect(next()).toEqual([`unfollow ${ana}`, `unfollow ${renewed}`]);
    const last = await jar.socket(sessions);
    await jar.request(sessions, (session) => destroy(session));
    await soon();
    expect(last.closed).toEqual(ENDED);
    expect(next()).toEqual([
      `follow ${renewed}`,
      `follow ${ana}`,
      `unfollow ${ana}`,
      `unfollow ${renewed}`,
    ]);
  });

  it("follows no bucket for a socket that closes when it hears of a change", async () => {
    const { connect, log } = bus();
    const { sessions } = start({ backplane: connect(true), store: memoryStore(), subject: "user" });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["n"] = 1));
    const socket: FakeSocket = await jar.socket(sessions, {
      changed: () => socket.handle?.detach(),
    });
    await jar.request(sessions, (session) => void (session["user"] = "ana"));
    await soon();
    const bucket = bucketOf(sidOf(socket));
    expect(log).toEqual(["subscribe", `follow ${bucket}`, `unfollow ${bucket}`]);
  });

  it("sends no data, to the bucket of the session or user", async () => {
    const { connect, waiting } = bus();
    const { sessions } = start({ backplane: connect(), store: memoryStore(), subject: "user" });
    const jar = await login(sessions);
    const { sid } = (await jar.socket(sessions)).context.state;
    waiting.length = 0;
    await jar.request(sessions, (session) => void (session["n"] = "a word"));
    await sessions.revokeAll("ana");
    const kinds = waiting.map(({ text }) => (JSON.parse(text) as { kind: string }).kind);
    expect(kinds.slice(0, 2)).toEqual(["changed", "user"]);
    expect(waiting[1]?.text).toContain(`"user":"${userKey("ana")}"`);
    const expected = [bucketOf(sid), bucketOf(userKey("ana"))];
    expect(waiting.slice(0, 2).map(({ bucket }) => bucket)).toEqual(expected);
    expect(waiting.map(({ text }) => text).join()).not.toMatch(/a word|ana\b/);
  });

  it("reads the sessions of its sockets again when messages may have been lost", async () => {
    const { connect, gap } = bus();
    const { open } = remoteStore();
    const here = start({ store: open(), backplane: connect() });
    const elsewhere = start({ store: open() });
    const jar = await login(here.sessions);
    const socket = await jar.socket(here.sessions);
    await soon();
    await jar.request(elsewhere.sessions, (session) => destroy(session));
    expect(socket.closed).toBeUndefined();
    gap();
    await soon();
    expect(socket.closed).toEqual(ENDED);
  });

  it("closes the sockets of a revoked user at once, except those of the session to keep", async () => {
    const { open } = remoteStore();
    const { sessions } = start({ store: open(), subject: "user" });
    const [kept, closed, other] = [
      await (await login(sessions)).socket(sessions),
      await (await login(sessions)).socket(sessions),
      await (await login(sessions, "eva")).socket(sessions),
    ];
    await revokeOthers(kept.session);
    expect([kept.closed, closed.closed, other.closed]).toEqual([undefined, ENDED, undefined]);
    await sessions.revokeAll("ana");
    expect([kept.closed, other.closed]).toEqual([ENDED, undefined]);
  });

  it("reads a user's sessions when another process revoked some of them", async () => {
    const { connect, deliver } = bus();
    const { open } = remoteStore();
    const here = start({ store: open(), subject: "user", backplane: connect() });
    const elsewhere = start({ store: open(), subject: "user" });
    const [ana, eva] = [await login(here.sessions), await login(here.sessions, "eva")];
    const [closed, open_] = [await ana.socket(here.sessions), await eva.socket(here.sessions)];
    await soon();
    await elsewhere.sessions.revokeAll("ana");
    deliver([JSON.stringify({ sender: "x", kind: "user", user: userKey("ana") })]);
    await soon();
    expect([closed.closed, open_.closed]).toEqual([ENDED, undefined]);
  });
});

it("a process without a store sends data to all others", async () => {
  const { connect, waiting } = bus();
  const { sessions } = start({ backplane: connect() });
  const jar = await login(sessions);
  await jar.request(sessions, (session) => void (session["n"] = "a word"));
  expect(waiting.map(({ bucket }) => bucket)).toEqual([0]);
  expect(waiting[0]?.text).toContain("a word");
  await jar.request(sessions, (session) => destroy(session));
  expect(waiting.map(({ bucket }) => bucket)).toEqual([0, 0]);
});

it("an event names the backplane that failed", async () => {
  const fail = () => Promise.reject(new Error("down"));
  const { sessions, events } = start({
    backplane: { publish: fail, subscribe: fail, close: () => undefined },
  });
  await (await login(sessions)).request(sessions, (session) => void (session["n"] = 1));
  await soon();
  expect(storeEvents(events)).toHaveLength(2);
  const told = { reason: "backplane", message: expect.stringContaining("backplane") };
  expect(storeEvents(events)[0]).toMatchObject(told);
});

describe("a socket that opens", () => {
  it("has no live session with writeAs", async () => {
    const { sessions } = start({ writeAs: cookieSession({ secretKey: "another key" }) });
    expect((await (await login(sessions)).socket(sessions)).handle).toBeUndefined();
  });

  it("has no live session if its handshake ended it", async () => {
    const { sessions } = start();
    const jar = await login(sessions);
    const context = await jar.open(sessions);
    destroy(context.session);
    await jar.finish(context);
    context.handshakeSent();
    const socket = new FakeSocket(context, {});
    expect([socket.handle, socket.closed]).toEqual([undefined, undefined]);
    await expect(update(socket.session, () => undefined)).rejects.toMatchObject({
      code: "ERR_SESSION_HANDSHAKE_SENT",
    });
  });

  it("is closed if another process with its store ended the session during the handshake", async () => {
    const store = memoryStore();
    const [here, elsewhere] = [start({ store }), start({ store })];
    const jar = await login(here.sessions);
    const context = await jar.open(here.sessions);
    void context.session;
    await jar.finish(context);
    await jar.copy().request(elsewhere.sessions, (session) => destroy(session));
    context.handshakeSent();
    expect(new FakeSocket(context, {})).toMatchObject({ handle: undefined, closed: ENDED });
  });

  it("shows what changed during the handshake, and is told of nothing else", async () => {
    const { sessions } = start();
    const jar = await login(sessions);
    const context = await jar.open(sessions);
    void context.session;
    await context.commit();
    await jar.request(sessions, (session) => void (session["n"] = 1));
    context.handshakeSent();
    const late = new FakeSocket(context, {});
    expect(late.session).toEqual({ user: "ana", n: 1 });
    const other = await jar.socket(sessions);
    expect([other.changes, other.session]).toEqual([0, { user: "ana", n: 1 }]);
  });

  it("keeps neither its token nor a copy of the data", async () => {
    const { sessions } = start();
    const { context } = await (await login(sessions)).socket(sessions);
    expect([context.state.loaded.token, context.state.loaded.data]).toEqual([undefined, {}]);
  });
});

describe("a change", () => {
  it("goes through the page of the socket that makes it", async () => {
    const { sessions } = start();
    const jar = await login(sessions);
    const asked: string[] = [];
    const page = (name: string) => jar.socket(sessions, { control: () => void asked.push(name) });
    const [, two] = [await page("one"), await page("two"), await page("three")];
    const done = update(two.session, (draft) => void (draft["n"] = 1), { timeout: 1 });
    done.catch(() => undefined);
    await soon();
    expect(asked).toEqual(["two"]);
    await vi.advanceTimersByTimeAsync(1000);
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_UPDATE_TIMEOUT" });
  });

  it("is an event for the other sockets, not for the one that made it", async () => {
    for (const options of [{}, { store: memoryStore() }]) {
      const { sessions } = start(options);
      const jar = await login(sessions);
      const [own, other] = [await jar.socket(sessions), await jar.socket(sessions)];
      const deliver = async (ticket: string) => void (await jar.exchange(sessions, ticket));
      await update(own.session, (draft) => void (draft["n"] = 1), { deliver });
      expect([own.session["n"], other.session["n"]]).toEqual([1, 1]);
      expect([own.changes, other.changes]).toEqual([0, 1]);
    }
  });

  it("of the lifetime alone is no event, and keeps the objects of the session", async () => {
    const { sessions } = start({ maxAge: 100 });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["list"] = [1]));
    const socket = await jar.socket(sessions);
    const { list } = socket.session;
    const before = expiresAt(socket.context as never);
    await vi.advanceTimersByTimeAsync(20_000);
    await jar.read(sessions);
    expect(expiresAt(socket.context as never)).toBe(before + 20);
    expect(socket.changes).toBe(0);
    expect(socket.session["list"]).toBe(list);
  });

  it("of the lifetime by setMaxAge moves the end of the socket to both sides", async () => {
    const { sessions } = start({ maxAge: 100 });
    const jar = await login(sessions);
    const socket = await jar.socket(sessions);
    await jar.request(sessions, (session) => setMaxAge(session, 10));
    await jar.request(sessions, (session) => setMaxAge(session, 50));
    await vi.advanceTimersByTimeAsync(49_000);
    expect(socket.closed).toBeUndefined();
    await jar.request(sessions, (session) => setMaxAge(session, 5));
    await vi.advanceTimersByTimeAsync(5_100);
    expect(socket.closed).toEqual(EXPIRED);
  });

  it("that is not JSON leaves the session as it is", async () => {
    const { sessions } = start();
    const { context, session } = await (await login(sessions)).socket(sessions);
    refresh(context as never, { ...currentOf(context as never), rev: 9, json: "no json" });
    expect(session).toEqual({ user: "ana" });
    expect(currentOf(context as never).rev).toBe(1);
  });
});

describe("messages of other processes that come late", () => {
  /** Two processes without a store. Messages wait until the test delivers them. */
  async function two() {
    const { connect, deliver, waiting } = bus();
    const make = () => start({ maxAge: 100, backplane: connect() }).sessions;
    const [here, there] = [make(), make()];
    there.start();
    await soon();
    const jar = await login(here);
    const take = () => waiting.splice(0).map(({ text }) => text);
    take();
    return { here, there, jar, deliver, take };
  }

  it("do not shorten the life of a socket", async () => {
    const { here, there, jar, deliver, take } = await two();
    const socket = await jar.socket(there);
    await jar.request(here, (session) => void setMaxAge(session, 20));
    const old = take();
    await vi.advanceTimersByTimeAsync(10_000);
    await jar.request(here, (session) => void setMaxAge(session, 60));
    deliver(take());
    deliver(old);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket.closed).toEqual(EXPIRED);
  });

  it("join the sockets of an old cookie and those that already have the new one", async () => {
    const { here, there, jar, deliver, take } = await two();
    const old = await jar.socket(there);
    await jar.request(here, (session) => renew(session));
    const [renewed, alsoNew] = [await jar.socket(there), await jar.socket(there)];
    await vi.advanceTimersByTimeAsync(20_000);
    await jar.read(there);
    deliver(take());
    expect((old.handle as Attached).live).toBe((renewed.handle as Attached).live);
    alsoNew.handle?.detach();
    await jar.request(there, (session) => void (session["n"] = 1));
    expect([old, renewed, alsoNew].map(({ session }) => session["n"])).toEqual([1, 1, undefined]);
    take();
    await vi.advanceTimersByTimeAsync(85_000);
    expect([old.closed, renewed.closed]).toEqual([undefined, undefined]);
    await jar.request(there, (session) => destroy(session));
    expect([old.closed, renewed.closed]).toEqual([ENDED, ENDED]);
    expect(alsoNew.closed).toBeUndefined();
  });

  it("give a socket its new id, even if it saw a newer change of the old one", async () => {
    const { here, there, jar, deliver, take } = await two();
    const socket = await jar.socket(there);
    const copy = jar.copy();
    await jar.request(here, (session) => renew(session));
    const renewed = take();
    await copy.request(there, (session) => void (session["n"] = 1));
    await copy.request(there, (session) => void (session["n"] = 2));
    take();
    const before = sidOf(socket);
    deliver(renewed);
    expect(sidOf(socket)).not.toBe(before);
    await jar.request(here, (session) => void (session["n"] = 3));
    deliver(take());
    expect(socket.session).toEqual({ user: "ana", n: 3 });
  });
});
