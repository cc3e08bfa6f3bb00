// Sessions that another process wrote: this process knows only their cookie.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  commitOf,
  KEY,
  nextCookie,
  start,
  visit,
  type Anything,
} from "@galleta/test-support/sessions";
import { csrfToken } from "../csrf/session-token.ts";
import { createKeyRing } from "../token/keys.ts";
import { signToken } from "../token/token.ts";
import { authenticatedAt, destroy, flash, renew } from "./functions.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const options = { maxAge: 1000 };
const elsewhere = (work: (session: Anything) => void, cookie = "") =>
  visit(start(options).sessions, cookie, work).cookie;
const written = () =>
  elsewhere((session) => {
    session["user"] = "alice";
    session["list"] = [1, { a: 2 }];
    flash(session, "notice", "Saved");
  });

describe("a request that changes a session saves it", () => {
  it.each<[string, (session: Anything) => void, (session: Anything) => void]>([
    ["a key", (s) => (s["n"] = 1), (s) => expect(s["n"]).toBe(1)],
    ["a deletion", (s) => delete s["user"], (s) => expect(Object.keys(s)).toEqual(["list"])],
    [
      "a nested change",
      (s) => (s["list"] as unknown[]).push(3),
      (s) => expect(s["list"]).toEqual([1, { a: 2 }, 3]),
    ],
    ["a message", (s) => flash(s, "more", "x"), (s) => expect(flash(s, "more")).toBe("x")],
    [
      "a message taken",
      (s) => flash(s, "notice"),
      (s) => expect(flash(s, "notice")).toBeUndefined(),
    ],
    [
      "a message replaced",
      (s) => flash(s, "notice", "y"),
      (s) => expect(flash(s, "notice")).toBe("y"),
    ],
    [
      "authenticatedAt",
      (s) => authenticatedAt(s, new Date(7000)),
      (s) => expect(authenticatedAt(s)).toEqual(new Date(7000)),
    ],
    ["renew", (s) => renew(s), (s) => expect(s["user"]).toBe("alice")],
  ])("%s", (_, change, check) => {
    const { sessions } = start(options);
    const { commit, cookie } = visit(sessions, written(), change);
    expect(commit.setCookie).toHaveLength(1);
    elsewhere(check, cookie);
    visit(sessions, cookie, check);
  });

  it("ends one too", () => {
    const { sessions, types } = start(options);
    const cookie = written();
    const { commit } = visit(sessions, cookie, (session) => destroy(session));
    expect(commit.setCookie).toEqual([expect.stringMatching(/^session=; Max-Age=0/)]);
    expect(types()).toEqual(["destroyed"]);
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({}));
  });

  it("throws for a wrong change", () => {
    for (const [index, wrong] of [1n, [undefined], Number.NaN, new Map()].entries()) {
      const { sessions } = start(options);
      const context = sessions.open(written());
      // Replaces the list by what JSON would make of it: a careless comparison sees no change.
      context.session["list"] = index === 1 ? [1, undefined] : wrong;
      expect(() => context.commit()).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
      );
    }
  });

  it("throws even if JSON would hide the mistake", () => {
    const { sessions } = start(options);
    const cookie = elsewhere((session) => (session["list"] = [null, { a: null }]));
    const context = sessions.open(cookie);
    (context.session["list"] as unknown[])[0] = Number.NaN;
    expect(() => context.commit()).toThrow(/session\.list\[0\] is NaN/);
  });
});

describe("a request that changes nothing sends nothing", () => {
  it.each<[string, (session: Anything) => void]>([
    ["reading", (session) => void JSON.stringify(session)],
    [
      "a change and back",
      (session) => {
        session["user"] = "bob";
        session["user"] = "alice";
      },
    ],
    ["undefined, which is no key", (session) => (session["nothing"] = undefined)],
    ["a token for a form", (session) => csrfToken(session)],
    ["looking for a message", (session) => flash(session, "none")],
  ])("%s", (_, work) => {
    const { sessions, events } = start(options);
    expect(visit(sessions, written(), work).commit).toMatchObject({
      accessed: true,
      setCookie: [],
    });
    expect(events).toEqual([]);
  });
});

it("a session that is due for a new lifetime gets it", () => {
  const cookie = written();
  vi.setSystemTime(Date.now() + 101_000);
  const { commit } = visit(start(options).sessions, cookie, (session) => void session["user"]);
  expect(commit.setCookie).toEqual([expect.stringContaining("Max-Age=1000")]);
});

it("a session that ended here while a request only read it is reported, and not issued again", () => {
  const cookie = written();
  const { sessions, types } = start(options);
  const slow = sessions.open(cookie);
  expect(slow.session["user"]).toBe("alice");
  visit(sessions, cookie, (session) => destroy(session));
  expect(commitOf(slow).setCookie).toEqual([]);
  expect(types()).toEqual(["destroyed", "revoked"]);
});

it("a session without metadata gets some", () => {
  const cookie = elsewhere((session) => (session["user"] = "alice"));
  const { sessions } = start(options);
  const next = visit(sessions, cookie, (session) => flash(session, "notice", "Hi"));
  elsewhere((session) => {
    expect(session["user"]).toBe("alice");
    expect(flash(session, "notice")).toBe("Hi");
  }, next.cookie);
  // No other session gets it.
  visit(sessions, cookie, (session) => expect(flash(session, "other")).toBeUndefined());
  visit(start(options).sessions, cookie, (session) => {
    expect(flash(session, "notice")).toBeUndefined();
  });
});

it("a change of another process at the same revision is not undone by this process's recent changes", () => {
  const cookie = elsewhere((session) => (session["user"] = "alice"));
  const { sessions } = start(options);
  visit(sessions, cookie, (session) => (session["user"] = "here"));
  const there = elsewhere((session) => (session["user"] = "there"), cookie);
  const next = visit(sessions, there, (session) => {
    expect(session["user"]).toBe("there");
    session["n"] = 1;
  });
  visit(sessions, next.cookie, (session) => expect(session).toEqual({ user: "there", n: 1 }));
});

it("a change of another process is kept if this process knows only an older revision", () => {
  const { sessions } = start(options);
  const { cookie } = visit(sessions, "", (session) => (session["user"] = "alice"));
  const there = elsewhere((session) => (session["there"] = 1), cookie);
  const next = visit(sessions, there, (session) => (session["here"] = 1));
  visit(sessions, next.cookie, (session) => {
    expect(session).toEqual({ user: "alice", there: 1, here: 1 });
  });
});

it("a session keeps its revision when it is prolonged, and not when it is changed or renewed", () => {
  const { sessions } = start(options);
  const revisionOf = (cookie: string) => sessions.open(cookie).state.loaded.rev;
  const cookie = written();
  vi.setSystemTime(Date.now() + 101_000);
  const prolonged = visit(sessions, cookie);
  expect([prolonged.commit.setCookie.length, revisionOf(prolonged.cookie)]).toEqual([1, 1]);
  const changed = visit(sessions, prolonged.cookie, (session) => (session["n"] = 1));
  expect(revisionOf(changed.cookie)).toBe(2);
  const renewed = visit(sessions, changed.cookie, (session) => renew(session));
  expect(revisionOf(renewed.cookie)).toBe(3);
});

it("an empty session that another process wrote is deleted", () => {
  const now = Math.floor(Date.now() / 1000);
  const content = { sid: "A".repeat(22), rev: 1, json: "{}", born: now, iat: now, exp: now + 60 };
  const cookie = `session=${signToken(content, createKeyRing([Buffer.from(KEY)], "session"))}`;
  expect(visit(start().sessions, cookie).commit.setCookie).toEqual([
    expect.stringMatching(/^session=; Max-Age=0/),
  ]);
});

it("an empty session deletes its cookie", () => {
  const cookie = elsewhere((session) => flash(session, "notice", "Hi"));
  const next = visit(start(options).sessions, cookie, (session) => flash(session, "notice"));
  expect(nextCookie(cookie, next.commit.setCookie)).toBe("");
});
