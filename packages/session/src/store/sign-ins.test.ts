import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import { keyValueStore } from "@galleta/test-support/key-value-store";
import type { Sessions } from "../engine.ts";
import type { SessionError } from "../errors.ts";
import type { SessionEvent } from "../session/event-types.ts";
import {
  describe as describeSession,
  destroy,
  label,
  renew,
  setMaxAge,
} from "../session/functions.ts";
import { memoryStore } from "./memory.ts";
import { revokeOthers } from "./revoke.ts";
import type { SessionStore, Write } from "./store.ts";

const DAY = 86_400;
const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers({
    now: new Date("2026-01-01T00:00:00.000Z"),
    toFake: ["Date", "performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const login = async (sessions: Sessions<Data>, user: string | number = "ana", jar = new Jar()) => {
  await jar.request(sessions, (session) => {
    renew(session);
    session["user"] = user;
  });
  return jar;
};

/** The memory of one process, shared and with late answers, like a store on the network. */
function slowStore() {
  const memory = memoryStore();
  const commands: string[] = [];
  const store: SessionStore = {
    isLocal: false,
    get(keys) {
      commands.push("get");
      return memory.get(keys);
    },
    async replace(write: Write) {
      await new Promise((resolve) => setImmediate(resolve));
      commands.push("replace");
      return memory.replace(write);
    },
  };
  return { store, commands };
}

const STORES = [
  { name: "a memory store", make: () => ({ store: memoryStore() }) },
  { name: "a store on the network", make: () => ({ store: slowStore().store }) },
  { name: "get, set and delete", make: () => ({ store: keyValueStore() }) },
  {
    name: "data in the store",
    make: () => ({ store: slowStore().store, storage: "store" as const }),
  },
];

describe.each(STORES)("lists of sessions, $name", ({ make }) => {
  const pair = (options: Parameters<typeof start>[0] = {}) => {
    const all = { ...make(), subject: "user", ...options };
    return [start(all), start(all)] as const;
  };

  it("a user finds each session: its beginning, last use and expiry, and which one this is", async () => {
    const [one, two] = pair({ maxAge: 1000 });
    const phone = await login(one.sessions);
    pass(10);
    const laptop = await login(two.sessions);
    await login(two.sessions, "bob");
    const list = await laptop.request(one.sessions, (session) => one.sessions.list(session));
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000);
    expect(list).toEqual([
      {
        handle: expect.stringMatching(/^[\w-]{22}\.[\w-]{16}$/),
        createdAt: at(0),
        usedAt: at(0),
        endsAt: at(1000),
        label: undefined,
        current: true,
        deviceBound: false,
      },
      expect.objectContaining({ createdAt: at(-10), endsAt: at(990), current: false }),
    ]);
    expect(await two.sessions.list("ana")).toHaveLength(2);
    expect(await two.sessions.list("nobody")).toEqual([]);
    expect(JSON.stringify(list)).not.toContain((await phone.open(one.sessions)).state.sid);
  });

  it("a handle ends one session: its copies, its sockets, in every process", async () => {
    const [one, two] = pair();
    const [phone, laptop] = [await login(one.sessions), await login(one.sessions)];
    const socket = await phone.socket(two.sessions);
    const copy = phone.copy();
    const context = await laptop.open(one.sessions);
    const list = await one.sessions.list(context.session);
    const { handle } = list.find(({ current }) => !current)!;
    expect(await one.sessions.end(handle, { by: context.session })).toBe(true);
    await vi.advanceTimersByTimeAsync(1100);
    expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
    for (const { sessions } of [one, two]) expect(await copy.read(sessions)).toEqual({});
    expect(await laptop.read(two.sessions)).toEqual({ user: "ana" });
    expect(await two.sessions.list("ana")).toHaveLength(1);
    expect(await one.sessions.end(handle)).toBe(false);
  });

  it("a handle of another user, or an invalid one, ends nothing", async () => {
    const [one] = pair();
    const [ana, bob] = [await login(one.sessions), await login(one.sessions, "bob")];
    const [{ handle } = { handle: "" }] = await one.sessions.list("ana");
    const by = (await bob.open(one.sessions)).session;
    for (const wrong of [handle, "", "x", `${"a".repeat(22)}.b`, `${handle}x`, 7 as never]) {
      expect(await one.sessions.end(wrong, { by })).toBe(false);
    }
    expect(await ana.read(one.sessions)).toEqual({ user: "ana" });
  });

  it("a session that has itself ended ends no other", async () => {
    const [one, two] = pair();
    const [thief, victim] = [await login(one.sessions), await login(one.sessions)];
    const context = await thief.open(two.sessions);
    const list = await one.sessions.list(context.session);
    await two.sessions.end(list.find(({ current }) => current)!.handle);
    const { handle } = list.find(({ current }) => !current)!;
    await expect(two.sessions.end(handle, { by: context.session })).rejects.toMatchObject({
      code: "ERR_SESSION_ENDED",
    });
    expect(await victim.read(one.sessions)).toEqual({ user: "ana" });
  });

  it("omit sessions that logged out, expired, were renewed, revoked, or changed their user", async () => {
    const [one, two] = pair({ maxAge: 1000 });
    const out = await login(one.sessions);
    await out.request(two.sessions, (session) => destroy(session));
    expect(await one.sessions.list("ana")).toEqual([]);
    const emptied = await login(one.sessions);
    await emptied.request(two.sessions, (session) => void delete session["user"]);
    expect(await one.sessions.list("ana")).toEqual([]);
    const kept = await login(one.sessions);
    await kept.request(two.sessions, (session) => {
      delete session["user"];
      session["cart"] = 1;
    });
    expect(await one.sessions.list("ana")).toEqual([]);
    const renewed = await login(one.sessions);
    await login(two.sessions, "ana", renewed);
    expect(await one.sessions.list("ana")).toHaveLength(1);
    const other = await login(two.sessions, "bob", renewed);
    expect(await one.sessions.list("ana")).toEqual([]);
    expect(await one.sessions.list("bob")).toHaveLength(1);
    await other.request(two.sessions, (session) => (session["user"] = "ana"));
    expect(await one.sessions.list("bob")).toEqual([]);
    expect(await one.sessions.list("ana")).toHaveLength(1);
    await one.sessions.revokeAll("ana");
    expect(await two.sessions.list("ana")).toEqual([]);
    await login(one.sessions);
    pass(999);
    expect(await two.sessions.list("ana")).toHaveLength(1);
    pass(1);
    expect(await two.sessions.list("ana")).toEqual([]);
  });

  it("revokeOthers leaves the session that asked for it", async () => {
    const [one, two] = pair();
    const jars = [await login(one.sessions), await login(one.sessions), await login(two.sessions)];
    const context = await jars[1]!.open(two.sessions);
    await revokeOthers(context.session);
    expect(await one.sessions.list(context.session)).toMatchObject([{ current: true }]);
  });

  it("the last use and the end follow each change, and each rolling renewal", async () => {
    const [one, two] = pair({ maxAge: 1000 });
    const jar = await login(one.sessions);
    const seen = async () => {
      const [first] = await two.sessions.list("ana");
      return [first?.usedAt, first?.endsAt].map((date) => (Number(date) - Date.now()) / 1000);
    };
    pass(50);
    await jar.request(two.sessions, (session) => (session["n"] = 1));
    expect(await seen()).toEqual([0, 1000]);
    pass(50);
    await jar.read(one.sessions);
    expect(await seen()).toEqual([-50, 950]);
    for (let i = 0; i < 30; i += 1) {
      pass(101);
      await jar.read(one.sessions);
      expect(await seen()).toEqual([0, 1000]);
    }
    // Changes alone also prolong it, so no renewal is ever due.
    for (let i = 0; i < 30; i += 1) {
      pass(90);
      await jar.request(one.sessions, (session) => (session["n"] = i));
      expect(await seen()).toEqual([0, 1000]);
    }
    await login(two.sessions);
    expect(await two.sessions.list("ana")).toHaveLength(2);
  });

  it("concurrent logins in two processes are all listed", async () => {
    if (make().store instanceof Map || "set" in make().store) return;
    const [one, two] = pair();
    const made = Array.from({ length: 20 }, (_, i) => login((i % 2 ? one : two).sessions));
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(made);
    expect(await one.sessions.list("ana")).toHaveLength(20);
  });

  it("a session with its own lifetime is listed that long", async () => {
    const [one, two] = pair({ maxAge: 100 });
    const jar = await login(one.sessions);
    await jar.request(one.sessions, (session) => setMaxAge(session, 30 * DAY));
    pass(30 * DAY - 1);
    expect(await two.sessions.list("ana")).toHaveLength(1);
    pass(1);
    expect(await two.sessions.list("ana")).toEqual([]);
  });

  it("endWhere ends the sessions with a value in a field, and no others", async () => {
    const [one, two] = pair({ findBy: ["oidc.sid", "org"] });
    const jars = [0, 1, 2].map(() => new Jar());
    for (const [i, jar] of jars.entries()) {
      await jar.request(one.sessions, (session) => {
        session["user"] = `user ${i}`;
        session["oidc"] = { sid: `idp-${i}` };
        session["org"] = 7;
      });
    }
    const socket = await jars[1]!.socket(two.sessions);
    const copy = jars[1]!.copy();
    expect(await two.sessions.endWhere("oidc.sid", "idp-1")).toBe(1);
    expect(await two.sessions.endWhere("oidc.sid", "idp-1")).toBe(0);
    expect(socket.closed?.reason).toBe("session ended");
    expect(await copy.read(one.sessions)).toEqual({});
    expect(await jars[0]!.read(one.sessions)).toMatchObject({ user: "user 0" });
    expect(await one.sessions.endWhere("org", 7)).toBe(2);
    expect(await jars[0]!.copy().read(two.sessions)).toEqual({});
  });

  it("endWhere also finds the field of a session without a user", async () => {
    const [one, two] = pair({ subject: undefined, findBy: ["ticket"] });
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["ticket"] = "t-1"));
    await jar.request(one.sessions, (session) => renew(session));
    expect(await two.sessions.endWhere("ticket", "t-1")).toBe(1);
    pass(1);
    expect(await jar.copy().read(one.sessions)).toEqual({});
    await jar.request(one.sessions, (session) => (session["ticket"] = "t-2"));
    await jar.request(one.sessions, (session) => (session["ticket"] = "t-3"));
    expect(await two.sessions.endWhere("ticket", "t-2")).toBe(0);
    expect(await two.sessions.endWhere("ticket", "t-3")).toBe(1);
  });

  it("the third login of maxSessions: 2 ends the first, and its sockets", async () => {
    const [one, two] = pair({ maxSessions: 2 });
    const first = await login(one.sessions);
    const socket = await first.socket(two.sessions);
    pass(1);
    const second = await login(two.sessions);
    // Sessions of another user do not count, and a renewal is not one more session.
    await login(one.sessions, "bob");
    await login(two.sessions, "ana", second);
    expect(await first.read(one.sessions)).toEqual({ user: "ana" });
    pass(1);
    const third = await login(two.sessions);
    await vi.advanceTimersByTimeAsync(1100);
    expect(socket.closed?.reason).toBe("session ended");
    expect(await first.copy().read(two.sessions)).toEqual({});
    for (const jar of [second, third]) {
      expect(await jar.read(one.sessions)).toEqual({ user: "ana" });
    }
  });

  it("ends the first session when several began in one second and maxSessions is exceeded", async () => {
    const [one] = pair({ maxSessions: 2 });
    const jars = [];
    for (let i = 0; i < 4; i += 1) jars.push(await login(one.sessions));
    const alive = [];
    for (const jar of jars) alive.push(Object.keys(await jar.copy().read(one.sessions)).length);
    expect(alive).toEqual([0, 0, 1, 1]);
  });

  it("maxSessions with over: deny denies the login, and changes nothing", async () => {
    const [one, two] = pair({ maxSessions: { max: 1, over: "deny" } });
    const first = await login(one.sessions);
    const anonymous = new Jar();
    await anonymous.request(two.sessions, (session) => (session["cart"] = 1));
    const before = anonymous.cookie;
    await expect(login(two.sessions, "ana", anonymous)).rejects.toMatchObject({
      code: "ERR_SESSION_LIMIT",
      status: 403,
    });
    expect(anonymous.cookie).toBe(before);
    expect(await anonymous.read(one.sessions)).toEqual({ cart: 1 });
    await first.request(one.sessions, (session) => destroy(session));
    await login(two.sessions, "ana", anonymous);
    expect(await one.sessions.list("ana")).toHaveLength(1);
  });

  it("concurrent logins do not exceed maxSessions", async () => {
    if ("set" in make().store) return;
    const [one, two] = pair({ maxSessions: 2 });
    const made = Array.from({ length: 8 }, (_, i) => login((i % 2 ? one : two).sessions));
    await vi.advanceTimersByTimeAsync(100);
    const jars = await Promise.all(made);
    expect(await one.sessions.list("ana")).toHaveLength(2);
    const alive = [];
    for (const jar of jars) alive.push(Object.keys(await jar.copy().read(one.sessions)).length);
    expect(alive.filter((count) => count > 0)).toHaveLength(2);
  });

  it("a list keeps at most the hundred most recently used sessions", async () => {
    const [one] = pair();
    for (let i = 0; i < 103; i += 1) {
      pass(1);
      await login(one.sessions);
    }
    const list = await one.sessions.list("ana");
    expect(list).toHaveLength(100);
    expect(list[0]?.createdAt).toEqual(new Date());
  });

  it("the app gives a label, or the User-Agent does", async () => {
    const [one, two] = pair({ labels: (agent) => (agent === "evil" ? fail() : agent.slice(0, 7)) });
    const visit = async (agent: string, change: (session: Data) => void, jar = new Jar()) => {
      const request = facts({ headers: { host: "localhost", "user-agent": agent } });
      const context = one.sessions.open(jar.cookie, request);
      await context.load();
      change(context.session);
      await jar.finish(context);
      return jar;
    };
    const signIn = (session: Data) => void (session["user"] = "ana");
    const labels = async () => (await two.sessions.list("ana")).map((each) => each.label);
    const jar = await visit("Firefox/130", signIn);
    expect(await labels()).toEqual(["Firefox"]);
    await visit("Chrome/1", (session) => renew(session), jar);
    expect(await labels()).toEqual(["Firefox"]);
    pass(1);
    await visit("Firefox/130", (session) => void label(session, "Ana's phone"), jar);
    expect(await labels()).toEqual(["Ana's phone"]);
    expect(await jar.request(one.sessions, (session) => label(session))).toBe("Ana's phone");
    await jar.request(one.sessions, (session) => destroy(session));
    await visit("evil", signIn);
    await visit("a", (session) => void (session["user"] = "bob"));
    expect(await labels()).toEqual([undefined]);
    const anonymous = await visit("Firefox", (session) => void (session["cart"] = 1));
    expect(await anonymous.request(one.sessions, (session) => label(session))).toBeUndefined();
  });
});

function fail(): never {
  throw new Error("a parser that fails");
}

describe("lists of sessions", () => {
  it("cost a read nothing, and a change once in a tenth of the lifetime", async () => {
    const { store, commands } = slowStore();
    const { sessions } = start({ store, subject: "user", maxAge: 1000 });
    const jar = await login(sessions);
    const count = async (work: () => Promise<unknown>) => {
      pass(2);
      commands.length = 0;
      await work();
      return commands.join(" ");
    };
    // As without lists: one question a second.
    expect(await count(() => jar.read(sessions))).toBe("get");
    const change = () => jar.request(sessions, (session) => (session["n"] = Date.now()));
    expect(await count(change)).toBe("get replace");
    pass(80);
    expect(await count(change)).toBe("get replace");
    pass(14);
    // The first after 100 seconds: the list is read and written.
    expect(await count(change)).toBe("get get replace replace");
    expect(await count(change)).toBe("get replace");
    pass(101);
    expect(await count(() => jar.read(sessions))).toBe("get get replace");
  });

  it("a store that fails after the login fails no request that only notes a use", async () => {
    const { store } = slowStore();
    let isDown = false;
    const failing: SessionStore = {
      ...store,
      replace: (write) => (isDown ? Promise.reject(new Error("down")) : store.replace(write)),
    };
    const { sessions, types } = start({ store: failing, subject: "user", maxAge: 1000 });
    const jar = await login(sessions);
    pass(101);
    isDown = true;
    expect(await jar.read(sessions)).toEqual({ user: "ana" });
    expect(types()).toContain("store");
    await expect(login(sessions)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
  });

  it.each([
    [{ maxSessions: 0 }, "maxSessions"],
    [{ maxSessions: 101 }, "maxSessions"],
    [{ maxSessions: { max: 1, over: "ask" } }, "maxSessions"],
    [{ maxSessions: 2, subject: undefined }, "maxSessions needs the option `subject`"],
    [{ labels: () => "x", subject: undefined }, "labels needs the option `subject`"],
    [{ findBy: ["a..b"] }, "findBy"],
    [{ findBy: "a" }, "findBy"],
    [{ findBy: ["a"], subject: undefined, store: undefined }, "findBy needs the option `store`"],
  ])("the option %j throws at set-up", (options, message) => {
    const all = { store: memoryStore(), subject: "user", ...options };
    const error = thrownBy(() => start(all as Parameters<typeof start>[0]));
    expect(error).toMatchObject({ code: "ERR_SESSION_OPTION" });
    expect(error.message).toContain(message);
  });

  it("a call that lacks an option names the option", async () => {
    const { sessions } = start();
    const { sessions: stored } = start({ store: memoryStore() });
    for (const call of [sessions.list("a"), sessions.end("a"), stored.list("a"), stored.end("a")]) {
      await expect(call).rejects.toMatchObject({ code: "ERR_SESSION_STORE_REQUIRED" });
    }
    await expect(stored.endWhere("a", 1)).rejects.toMatchObject({ code: "ERR_SESSION_OPTION" });
    await expect(sessions.endWhere("a", 1)).rejects.toMatchObject({
      code: "ERR_SESSION_STORE_REQUIRED",
    });
    const { sessions: complete } = start({ store: memoryStore(), subject: "user", findBy: ["a"] });
    await expect(complete.list({} as never)).rejects.toMatchObject({
      code: "ERR_SESSION_NOT_A_SESSION",
    });
    await expect(complete.list("")).rejects.toMatchObject({ code: "ERR_SESSION_SUBJECT" });
    await expect(complete.endWhere("a", "")).rejects.toMatchObject({ code: "ERR_SESSION_SUBJECT" });
    await expect(
      new Jar().request(complete, (session) => (session["a"] = { nested: 1 })),
    ).rejects.toMatchObject({ code: "ERR_SESSION_SUBJECT" });
    const { session } = await new Jar().open(complete);
    expect(await complete.list(session)).toEqual([]);
  });

  it.each(["", "x".repeat(101), 5])("label throws for %j", async (text) => {
    const { session } = start().sessions.open("");
    expect(thrownBy(() => label(session, text as string))).toMatchObject({
      code: "ERR_SESSION_OPTION",
    });
  });
});

describe("events of logins", () => {
  const started = (options: Parameters<typeof start>[0] = {}) => {
    const made = start({ store: memoryStore(), subject: "user", maxAge: 1000, ...options });
    const told = () =>
      made.events
        .filter(({ type }) => type === "login" || type === "logout" || type === "ended")
        .map(({ type, by, user }) => [type, by ?? user]);
    return { ...made, told };
  };

  it("login and logout contain the user, the label and the handle, but no data", async () => {
    const { sessions, events, told } = started();
    const jar = new Jar();
    await jar.request(sessions, (session) => {
      session["user"] = "ana";
      session["secret"] = "data";
      label(session, "Firefox");
    });
    const [{ handle } = { handle: "" }] = await sessions.list("ana");
    await jar.request(sessions, (session) => (session["n"] = 1));
    await jar.request(sessions, (session) => renew(session));
    await jar.request(sessions, (session) => destroy(session));
    expect(told()).toEqual([
      ["login", "ana"],
      ["logout", "ana"],
    ]);
    expect(events.find(({ type }) => type === "login")).toMatchObject({ handle, label: "Firefox" });
    const text = JSON.stringify(events);
    expect(text).not.toContain("ana");
    expect(text).not.toContain("data");
  });

  it("another user in a session is a logout and a login, also without destroy", async () => {
    const { sessions, told } = started();
    const jar = await login(sessions);
    await jar.request(sessions, (session) => (session["user"] = 42));
    await jar.request(sessions, (session) => {
      delete session["user"];
      session["cart"] = 1;
    });
    await jar.request(sessions, (session) => {
      destroy(session);
      session["user"] = "bob";
    });
    await jar.request(sessions, (session) => void delete session["user"]);
    expect(told()).toEqual([
      ["login", "ana"],
      ["logout", "ana"],
      ["login", 42],
      ["logout", 42],
      ["login", "bob"],
      ["logout", "bob"],
    ]);
  });

  it("an end names its cause, and the session that caused it", async () => {
    const { sessions, events } = started({ maxSessions: 3, findBy: ["sid"] });
    const ended = () => {
      const all = events.filter(({ type }) => type === "ended");
      events.length = 0;
      return all.map(({ by, handle, other }) => ({ by, handle, other }));
    };
    const handles = async (jar: Jar) => {
      const list = await sessions.list((await jar.open(sessions)).session);
      const [mine, others] = [
        list.filter((one) => one.current),
        list.filter((one) => !one.current),
      ];
      return { mine: mine[0]!.handle, others: others.map(({ handle }) => handle) };
    };
    const [one, two] = [await login(sessions), await login(sessions)];
    const { mine, others } = await handles(one);
    await sessions.end(others[0]!, { by: (await one.open(sessions)).session });
    expect(ended()).toEqual([{ by: "session", handle: others[0], other: mine }]);
    expect(await two.read(sessions)).toEqual({});
    await sessions.end(mine);
    expect(ended()).toEqual([{ by: "app", handle: mine, other: undefined }]);
    const jars = [];
    for (let i = 0; i < 4; i += 1) {
      pass(1);
      jars.push(await login(sessions));
    }
    const last = await handles(jars[3]!);
    expect(ended()).toEqual([{ by: "maxSessions", handle: expect.any(String), other: last.mine }]);
    await revokeOthers((await jars[3]!.open(sessions)).session);
    const revoked = ended();
    expect(revoked.map(({ handle }) => handle).toSorted()).toEqual(last.others.toSorted());
    expect(revoked[0]).toMatchObject({ by: "revokeOthers", other: last.mine });
    await sessions.revokeAll("ana");
    expect(ended()).toEqual([{ by: "revokeAll", handle: last.mine, other: undefined }]);
    await jars[0]!.request(sessions, (session) => {
      session["user"] = "ana";
      session["sid"] = "s-1";
    });
    await sessions.endWhere("sid", "s-1");
    expect(ended()).toMatchObject([{ by: "app" }]);
    const { mine: expiring } = await handles(await login(sessions));
    pass(2000);
    await login(sessions);
    expect(ended()).toMatchObject([{ by: "expiry", handle: expiring }]);
  });

  it("are enough for a mail about a sign-in from somewhere new, as docs/signed-in.md has it", async () => {
    const mails: unknown[] = [];
    const running: Promise<void>[] = [];
    const onEvent = (event: SessionEvent) => void running.push(mail(event));
    const { sessions } = start({
      store: memoryStore(),
      subject: "user",
      labels: (agent) => agent,
      onEvent,
    });
    async function mail(event: SessionEvent) {
      if (event.type !== "login" || event.user === undefined) return;
      const all = await sessions.list(event.user);
      const others = all.filter(({ handle }) => handle !== event.handle);
      const isKnown = others.some(({ label: known }) => known === event.label);
      if (others.length > 0 && !isKnown) mails.push([event.user, event.label, event.handle]);
    }
    const signIn = async (agent: string) => {
      const headers = { host: "localhost", "user-agent": agent };
      const context = sessions.open("", facts({ headers }));
      context.session["user"] = "ana";
      await context.commit();
      await Promise.all(running);
    };
    await signIn("Firefox");
    await signIn("Firefox");
    expect(mails).toEqual([]);
    await signIn("Chrome");
    expect(mails).toEqual([["ana", "Chrome", expect.any(String)]]);
    const [, , handle] = mails[0] as string[];
    expect(await sessions.end(handle!)).toBe(true);
    expect((await sessions.list("ana")).map((each) => each.label)).toEqual(["Firefox", "Firefox"]);
  });

  it("an event names its session as the handle does", async () => {
    const { sessions, events } = started();
    const jar = await login(sessions);
    const [{ handle } = { handle: "" }] = await sessions.list("ana");
    const event = events.find(({ type }) => type === "login");
    expect(handle.split(".")[1]).toBe(event?.session);
    expect(describeSession((await jar.open(sessions)).session).id).not.toContain(event?.session);
  });
});

function thrownBy(call: () => unknown): SessionError {
  try {
    call();
  } catch (error) {
    return error as SessionError;
  }
  throw new Error("nothing was thrown");
}
