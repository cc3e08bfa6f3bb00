// Boundaries to the second, with a stopped clock.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commitOf, nextCookie, readSetCookie, start, visit } from "@galleta/test-support/sessions";
import { SKEW } from "../token/times.ts";
import { describe as describeSession, renew } from "./functions.ts";

const START = new Date("2026-01-01T00:00:00.000Z");
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const begin = (options: Parameters<typeof start>[0]) => {
  const started = start(options);
  const { cookie } = visit(started.sessions, "", (session) => (session["a"] = 1));
  return { ...started, cookie };
};
const isAlive = (sessions: ReturnType<typeof begin>["sessions"], cookie: string) =>
  sessions.open(cookie).session["a"] === 1;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([{ encrypt: false }, { encrypt: true }])("%j", (kind) => {
  it("idle: valid until the last second of maxAge, and no longer", () => {
    const { sessions, cookie, events } = begin({ ...kind, maxAge: 100 });
    pass(99);
    expect(isAlive(sessions, cookie)).toBe(true);
    vi.setSystemTime(START.getTime() + 99_999);
    expect(isAlive(sessions, cookie)).toBe(true);
    vi.setSystemTime(START.getTime() + 100_000);
    expect(isAlive(sessions, cookie)).toBe(false);
    expect(events.at(-1)).toMatchObject({ type: "expired", session: expect.any(String) });
    expect(describeSession(sessions.open(cookie).session)).toMatchObject({
      isNew: true,
      rejected: "expired",
    });
  });

  it("absolute: ends on the second, however often the session is used", () => {
    const { sessions, cookie } = begin({ ...kind, maxAge: 100, absoluteMaxAge: 1000 });
    let current = cookie;
    for (let passed = 0; passed < 990; passed += 90) {
      pass(90);
      const next = visit(sessions, current, (session) => {
        expect(session["a"]).toBe(1);
        session["passed"] = passed;
      });
      const maxAge = Number(
        readSetCookie(next.commit.setCookie[0] ?? "").attributes.get("max-age"),
      );
      expect(maxAge).toBe(Math.min(100, 1000 - (passed + 90)));
      current = next.cookie;
    }
    pass(9);
    expect(isAlive(sessions, current)).toBe(true);
    pass(1);
    expect(isAlive(sessions, current)).toBe(false);
  });

  it("absolute: begins anew with renew, which is for a new login", () => {
    const { sessions, cookie } = begin({ ...kind, absoluteMaxAge: 100 });
    pass(99);
    const { cookie: renewed } = visit(sessions, cookie, (session) => renew(session));
    pass(99);
    expect(isAlive(sessions, renewed)).toBe(true);
    pass(1);
    expect(isAlive(sessions, renewed)).toBe(false);
  });

  it("skew: a cookie from a clock 60 seconds ahead is valid, from one further ahead it is not", () => {
    const { sessions, cookie, events } = begin({ ...kind });
    pass(-SKEW);
    expect(isAlive(sessions, cookie)).toBe(true);
    pass(-1);
    expect(isAlive(sessions, cookie)).toBe(false);
    expect(events.at(-1)).toMatchObject({ type: "rejected", reason: "future" });
  });

  it("skew: a cookie written by a clock that is behind is valid on both", () => {
    const { sessions, cookie } = begin({ ...kind, maxAge: 100, absoluteMaxAge: 1000 });
    pass(-SKEW);
    const { cookie: behind } = visit(sessions, cookie, (session) => (session["b"] = 1));
    expect(isAlive(sessions, behind)).toBe(true);
    pass(SKEW);
    expect(isAlive(sessions, behind)).toBe(true);
  });

  it("shortened: today's limits also end older tokens", () => {
    const { cookie } = begin({ ...kind, maxAge: 1000, absoluteMaxAge: null });
    const idle = start({ ...kind, maxAge: 100 }).sessions;
    const absolute = start({ ...kind, maxAge: 1000, absoluteMaxAge: 100 }).sessions;
    pass(99);
    expect([isAlive(idle, cookie), isAlive(absolute, cookie)]).toEqual([true, true]);
    pass(1);
    expect([isAlive(idle, cookie), isAlive(absolute, cookie)]).toEqual([false, false]);
  });

  it("lengthened: a token keeps its expiry", () => {
    const { cookie } = begin({ ...kind, maxAge: 100 });
    const longer = start({ ...kind, maxAge: 1000 }).sessions;
    const endless = start({ ...kind, maxAge: null }).sessions;
    pass(100);
    expect([isAlive(longer, cookie), isAlive(endless, cookie)]).toEqual([false, false]);
  });

  it("null: no Max-Age, and no expiry on the server either", () => {
    const { sessions, cookie } = begin({ ...kind, maxAge: null });
    expect(describeSession(sessions.open(cookie).session).expiresAt).toBeNull();
    pass(10 * 365 * 86_400);
    const { commit } = visit(sessions, cookie, (session) => expect(session["a"]).toBe(1));
    expect(commit.setCookie).toEqual([]);
  });

  it("null with an absolute limit: no Max-Age, but an end", () => {
    const { sessions, cookie } = begin({ ...kind, maxAge: null, absoluteMaxAge: 100 });
    pass(50);
    const { commit, cookie: next } = visit(sessions, cookie, (session) => (session["b"] = 1));
    expect(readSetCookie(commit.setCookie[0] ?? "").attributes.has("max-age")).toBe(false);
    pass(49);
    expect(isAlive(sessions, next)).toBe(true);
    pass(1);
    expect(isAlive(sessions, next)).toBe(false);
  });
});

describe("rolling", () => {
  const read = (sessions: ReturnType<typeof begin>["sessions"], cookie: string) => {
    const context = sessions.open(cookie);
    void context.session["a"];
    return commitOf(context).setCookie;
  };

  it("a session that was only read is issued again after a tenth of maxAge", () => {
    const { sessions, cookie } = begin({ maxAge: 1000 });
    pass(100);
    expect(read(sessions, cookie)).toEqual([]);
    pass(1);
    const [line = ""] = read(sessions, cookie);
    expect(readSetCookie(line).attributes.get("max-age")).toBe("1000");
    pass(898);
    const rolled = nextCookie("", [line]);
    expect(isAlive(sessions, cookie)).toBe(true);
    pass(1);
    expect(isAlive(sessions, cookie)).toBe(false);
    expect(isAlive(sessions, rolled)).toBe(true);
  });

  it("an untouched one is not", () => {
    const { sessions, cookie } = begin({ maxAge: 1000 });
    pass(900);
    const context = sessions.open(cookie);
    expect(commitOf(context)).toEqual({ accessed: false, setCookie: [] });
  });

  it("reading prolongs nothing with rolling off", () => {
    const { sessions, cookie } = begin({ maxAge: 1000, rolling: false });
    pass(999);
    expect(read(sessions, cookie)).toEqual([]);
    pass(1);
    expect(isAlive(sessions, cookie)).toBe(false);
  });

  it("a new visitor who only reads gets nothing", () => {
    const { sessions, cookie } = begin({ maxAge: 1000 });
    expect(read(sessions, "")).toEqual([]);
    expect(read(sessions, cookie.slice(0, -2))).toEqual([]);
  });
});

describe("a restored cookie", () => {
  it("from a backup keeps its old lifetime, whatever happened to the session", () => {
    const { sessions, cookie } = begin({ maxAge: 100, absoluteMaxAge: 1000 });
    let current = cookie;
    for (let i = 0; i < 3; i += 1) {
      pass(50);
      current = visit(sessions, current, (session) => (session["i"] = i)).cookie;
    }
    // The session is alive, but the saved cookie of its beginning is not.
    expect(isAlive(sessions, current)).toBe(true);
    expect(isAlive(sessions, cookie)).toBe(false);
  });

  it("with an old revision restores neither old data nor an old expiry", () => {
    const { sessions, cookie } = begin({ maxAge: 1000, absoluteMaxAge: 120 });
    pass(60);
    const newer = visit(sessions, cookie, (session) => (session["b"] = 2)).cookie;
    pass(1);
    const { commit } = visit(sessions, cookie, (session) => {
      expect({ ...session }).toEqual({ a: 1, b: 2 });
    });
    expect(readSetCookie(commit.setCookie[0] ?? "").attributes.get("max-age")).toBe("59");
    pass(59);
    expect(isAlive(sessions, newer)).toBe(false);
    expect(isAlive(sessions, nextCookie("", commit.setCookie))).toBe(false);
  });
});

it("describe shows the times, and after the commit those of the new cookie", () => {
  const { sessions } = start({ maxAge: 100, absoluteMaxAge: 150 });
  const context = sessions.open("");
  expect(describeSession(context.session)).toMatchObject({
    isNew: true,
    createdAt: START,
    issuedAt: START,
    expiresAt: new Date(START.getTime() + 100_000),
  });
  context.session["a"] = 1;
  const cookie = nextCookie("", commitOf(context).setCookie);
  pass(80);
  visit(sessions, cookie, (session, again) => {
    expect(describeSession(session)).toMatchObject({
      isNew: false,
      createdAt: START,
      issuedAt: START,
      expiresAt: new Date(START.getTime() + 100_000),
    });
    commitOf(again);
    expect(describeSession(session)).toMatchObject({
      isNew: false,
      createdAt: START,
      issuedAt: new Date(START.getTime() + 80_000),
      expiresAt: new Date(START.getTime() + 150_000),
    });
  });
});
