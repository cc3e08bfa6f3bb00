// A session's own lifetime, with a stopped clock.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, KEY } from "@galleta/test-support/jar";
import { commitOf, readSetCookie, start, visit } from "@galleta/test-support/sessions";
import { starlette } from "../formats/starlette.ts";
import { memoryStore } from "../store/memory.ts";
import {
  authenticatedAt,
  describe as describeSession,
  destroy,
  flash,
  renew,
  setMaxAge,
} from "./functions.ts";

const DAY = 86_400;
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const maxAgeOf = (setCookie: readonly string[]) =>
  readSetCookie(setCookie[0] ?? "").attributes.get("max-age");

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.000Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const KINDS = [
  { name: "signed", options: () => ({}) },
  { name: "encrypted", options: () => ({ encrypt: true }) },
  { name: "in a store", options: () => ({ store: memoryStore(), storage: "store" as const }) },
  { name: "beside a store", options: () => ({ store: memoryStore(), subject: "user" }) },
];

describe.each(KINDS)("a session's own lifetime, $name", ({ options }) => {
  it("may be longer than the option: to the second, and each use prolongs the session", async () => {
    const { sessions } = start({ ...options(), maxAge: 3600 });
    const jar = new Jar();
    const context = await jar.open(sessions);
    context.session["user"] = "ana";
    setMaxAge(context.session, 30 * DAY);
    expect(maxAgeOf(await jar.finish(context))).toBe(String(30 * DAY));
    pass(30 * DAY - 1);
    const late = await jar.open(sessions);
    expect(late.session["user"]).toBe("ana");
    expect(describeSession(late.session).maxAge).toBe(30 * DAY);
    expect(maxAgeOf(await jar.finish(late))).toBe(String(30 * DAY));
    pass(30 * DAY);
    expect(await jar.read(sessions)).toEqual({});
  });

  it("may be shorter than the option, and is prolonged after a tenth of it", async () => {
    const { sessions } = start({ ...options(), maxAge: DAY });
    const jar = new Jar();
    await jar.request(sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 100);
    });
    pass(10);
    const young = await jar.open(sessions);
    expect(young.session["user"]).toBe("ana");
    expect(await jar.finish(young)).toEqual([]);
    pass(1);
    const due = await jar.open(sessions);
    expect(due.session["user"]).toBe("ana");
    expect(maxAgeOf(await jar.finish(due))).toBe("100");
    pass(100);
    expect(await jar.read(sessions)).toEqual({});
  });

  it("null sets a cookie without Max-Age, and a copy expires by the option", async () => {
    const { sessions } = start({ ...options(), maxAge: 1000 });
    const jar = new Jar();
    const context = await jar.open(sessions);
    context.session["user"] = "ana";
    setMaxAge(context.session, null);
    const [line = ""] = await jar.finish(context);
    expect(line).not.toMatch(/max-age|expires/i);
    const copy = jar.copy();
    pass(500);
    const used = await jar.open(sessions);
    expect(describeSession(used.session)).toMatchObject({ maxAge: null, isNew: false });
    const [prolonged = ""] = await jar.finish(used);
    expect(prolonged).not.toMatch(/max-age|expires/i);
    pass(999);
    expect(await copy.read(sessions)).toEqual({});
    expect(await jar.read(sessions)).toEqual({ user: "ana" });
    pass(1000);
    expect(await jar.read(sessions)).toEqual({});
  });

  it("is kept by renew, and by a change of the data", async () => {
    const { sessions } = start({ ...options(), maxAge: 100 });
    const jar = new Jar();
    await jar.request(sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 1000);
    });
    await jar.request(sessions, (session) => renew(session));
    await jar.request(sessions, (session) => (session["n"] = 1));
    pass(999);
    expect(await jar.read(sessions)).toEqual({ user: "ana", n: 1 });
  });

  it("ends with destroy", async () => {
    const { sessions } = start({ ...options(), maxAge: 100 });
    const jar = new Jar();
    await jar.request(sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 1000);
    });
    await jar.request(sessions, (session) => {
      destroy(session);
      session["user"] = "bob";
    });
    expect(describeSession((await jar.open(sessions)).session).maxAge).toBe(100);
    pass(100);
    expect(await jar.read(sessions)).toEqual({});
  });

  it("does not go beyond absoluteMaxAge", async () => {
    const { sessions } = start({ ...options(), maxAge: 100, absoluteMaxAge: 500 });
    const jar = new Jar();
    const context = await jar.open(sessions);
    context.session["user"] = "ana";
    setMaxAge(context.session, 1000);
    expect(maxAgeOf(await jar.finish(context))).toBe("500");
    pass(499);
    expect(await jar.read(sessions)).toEqual({ user: "ana" });
    pass(1);
    expect(await jar.read(sessions)).toEqual({});
  });

  it("without data sets no cookie, and clearing the data deletes the cookie", async () => {
    const { sessions, types } = start({ ...options() });
    const jar = new Jar();
    const empty = await jar.open(sessions);
    setMaxAge(empty.session, 1000);
    expect(await jar.finish(empty)).toEqual([]);
    await jar.request(sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 1000);
    });
    const copy = jar.copy();
    const logout = await jar.open(sessions);
    delete logout.session["user"];
    const setCookie = await jar.finish(logout);
    expect(maxAgeOf(setCookie)).toBe("0");
    expect(types()).toContain("destroyed");
    expect(await copy.read(sessions)).toEqual({});
  });
});

describe("a session's own lifetime", () => {
  it("rejects copies of the cookie as long as one may last, after destroy", async () => {
    const store = memoryStore();
    const made = [start({ store, maxAge: 100 }), start({ store, maxAge: 100 })] as const;
    const jar = new Jar();
    await jar.request(made[0].sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 10_000);
    });
    const copy = jar.copy();
    await jar.request(made[0].sessions, (session) => destroy(session));
    pass(9999);
    expect(await copy.read(made[1].sessions)).toEqual({});
  });

  it("rejects them after a revocation of the user", async () => {
    const store = memoryStore();
    const options = { store, subject: "user", maxAge: 100 };
    const made = [start(options), start(options)] as const;
    const jar = new Jar();
    await jar.request(made[0].sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 10_000);
    });
    await made[0].sessions.revokeAll("ana");
    pass(9999);
    expect(await jar.copy().read(made[1].sessions)).toEqual({});
  });

  it("lets clearing the data also end a session that began after a revocation", async () => {
    const { sessions, types } = start({ store: memoryStore(), subject: "user" });
    const jar = new Jar();
    await sessions.revokeAll("ana");
    await jar.request(sessions, (session) => (session["user"] = "ana"));
    const logout = await jar.open(sessions);
    delete logout.session["user"];
    expect(maxAgeOf(await jar.finish(logout))).toBe("0");
    expect(types()).toContain("destroyed");
  });

  it("survives a merge with a simultaneous change", () => {
    const { sessions } = start({ maxAge: 100 });
    const { cookie } = visit(sessions, "", (session) => (session["a"] = 1));
    const slow = sessions.open(cookie);
    slow.session["b"] = 2;
    visit(sessions, cookie, (session) => setMaxAge(session, 1000));
    const { setCookie } = commitOf(slow);
    expect(maxAgeOf(setCookie)).toBe("1000");
  });

  it("decides for the newest of two cookies of one name", () => {
    const { sessions } = start({ maxAge: 100 });
    const make = () =>
      visit(sessions, "", (session) => {
        session["a"] = 1;
        setMaxAge(session, 1000);
      }).cookie;
    const [older, newer] = [make(), make()];
    pass(999);
    expect(sessions.open(`${older}; ${newer}`).session["a"]).toBe(1);
    pass(1);
    expect(sessions.open(`${older}; ${newer}`).session["a"]).toBeUndefined();
  });

  it("is visible before the commit, and is kept together with flash and authenticatedAt", () => {
    const { sessions } = start({ maxAge: 100 });
    const { cookie } = visit(sessions, "", (session) => {
      session["a"] = 1;
      flash(session, "notice", "hi");
      authenticatedAt(session, new Date());
      setMaxAge(session, 1000);
      expect(describeSession(session)).toMatchObject({
        maxAge: 1000,
        expiresAt: new Date(Date.now() + 1_000_000),
      });
    });
    const { cookie: next } = visit(sessions, cookie, (session) => {
      expect(flash(session, "notice")).toBe("hi");
    });
    pass(999);
    expect(sessions.open(next).session["a"]).toBe(1);
  });

  it("changes nothing if it is set again to the same value", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => {
      session["a"] = 1;
      setMaxAge(session, 1000);
    });
    const { commit } = visit(sessions, cookie, (session) => setMaxAge(session, 1000));
    expect(commit.setCookie).toEqual([]);
  });

  it("is described by the option if it is not set", () => {
    for (const maxAge of [100, null]) {
      expect(describeSession(start({ maxAge }).sessions.open("").session).maxAge).toBe(maxAge);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, 34_560_001, "60", undefined])("throws for %j", (seconds) => {
    const { session } = start().sessions.open("");
    expect(() => setMaxAge(session, seconds as number)).toThrowError(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(/^seconds must be .*400 days/) as string,
      }),
    );
  });

  it("throws for a cookie of writeAs, and for a session whose response was sent", () => {
    const writeAs = starlette({ secretKey: KEY });
    expect(() => setMaxAge(start({ writeAs }).sessions.open("").session, 60)).toThrowError(
      expect.objectContaining({ code: "ERR_SESSION_FORMAT" }),
    );
    const context = start().sessions.open("");
    context.session["a"] = 1;
    void context.commit();
    expect(() => setMaxAge(context.session, 60)).toThrowError(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }),
    );
  });
});

describe("sockets", () => {
  beforeEach(() => {
    vi.useRealTimers();
    vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.000Z") });
  });

  it.each(KINDS)("end with the session's own lifetime, $name", async ({ options }) => {
    const { sessions } = start({ ...options(), maxAge: 100 });
    const jar = new Jar();
    await jar.request(sessions, (session) => {
      session["user"] = "ana";
      setMaxAge(session, 200);
    });
    const socket = await jar.socket(sessions);
    await vi.advanceTimersByTimeAsync(199_000);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2000);
    expect(socket.closed).toEqual({ code: 1008, reason: "session expired" });
  });

  it.each(KINDS)("follow a lifetime that another request shortens, $name", async ({ options }) => {
    const { sessions } = start({ ...options(), maxAge: 1000 });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["user"] = "ana"));
    const socket = await jar.socket(sessions);
    await jar.request(sessions, (session) => setMaxAge(session, 50));
    await vi.advanceTimersByTimeAsync(49_000);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2000);
    expect(socket.closed).toEqual({ code: 1008, reason: "session expired" });
  });
});
