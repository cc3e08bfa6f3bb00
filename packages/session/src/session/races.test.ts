// Requests of one session that overlap, and clocks that differ.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commitOf, nextCookie, start, visit, type Anything } from "@galleta/test-support/sessions";
import { destroy, flash, renew } from "./functions.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const login = (options: Parameters<typeof start>[0] = {}) => {
  const started = start(options);
  const { cookie } = visit(started.sessions, "", (session) => (session["user"] = "alice"));
  return { ...started, cookie };
};

describe("a request that runs while another ends the session", () => {
  it.each<[string, (session: Anything) => void]>([
    ["destroyed", (session) => destroy(session)],
    ["emptied", (session) => delete session["user"]],
    ["renewed", (session) => renew(session)],
  ])("cannot bring one that was %s back under a new id either", (_, end) => {
    const { sessions, cookie, types } = login();
    const slow = sessions.open(cookie);
    slow.session["n"] = 1;
    renew(slow.session);
    visit(sessions, cookie, end);
    expect(commitOf(slow).setCookie).toEqual([]);
    expect(types().at(-1)).toBe("revoked");
  });

  it("includes the other's changes when it renews", () => {
    const { sessions, cookie } = login();
    const slow = sessions.open(cookie);
    renew(slow.session);
    slow.session["user"] = "bob";
    visit(sessions, cookie, (session) => (session["n"] = 1));
    const renewed = nextCookie("", commitOf(slow).setCookie);
    visit(sessions, renewed, (session) => expect({ ...session }).toEqual({ user: "bob", n: 1 }));
  });

  it("ends what it destroyed even if its commit fails", () => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    destroy(context.session);
    context.session["big"] = 1n;
    expect(() => context.commit()).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
    );
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({}));
  });

  it("keeps the old session if the renewed one does not fit", () => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    renew(context.session);
    context.session["user"] = "x".repeat(5000);
    expect(() => context.commit()).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_TOO_LARGE" }),
    );
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({ user: "alice" }));
  });
});

describe("a session that was read, and then made invalid", () => {
  const cycle: Anything = {};
  cycle["self"] = cycle;
  it.each([1n, () => 1, cycle, [undefined], Number.NaN])("by %o throws our error", (value) => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    context.session["wrong"] = value;
    expect(() => context.commit()).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
    );
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({ user: "alice" }));
  });
});

describe("clocks", () => {
  it("one that is behind the server that began a session does not lose it", () => {
    const { sessions, cookie } = login({ maxAge: 40 });
    vi.setSystemTime(Date.now() - 50_000);
    const next = visit(sessions, cookie, (session) => (session["n"] = 2));
    visit(sessions, next.cookie, (session) => expect(session["n"]).toBe(2));
    visit(start({ maxAge: 40 }).sessions, next.cookie, (session) => expect(session["n"]).toBe(2));
  });

  it("a request that outlasts the absolute limit leaves no session behind", () => {
    const { sessions, cookie, types } = login({ absoluteMaxAge: 60 });
    const context = sessions.open(cookie);
    context.session["n"] = 2;
    vi.setSystemTime(Date.now() + 60_000);
    expect(commitOf(context).setCookie).toEqual([expect.stringContaining("session=; Max-Age=0;")]);
    expect(types().at(-1)).toBe("expired");
  });
});

describe("a request that empties the session while another fills it", () => {
  it("takes out a last message and ends nothing, in either order", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => flash(session, "notice", "Hello"));
    const [reading, writing] = [sessions.open(cookie), sessions.open(cookie)];
    expect(flash(reading.session, "notice")).toBe("Hello");
    writing.session["user"] = "alice";
    expect(nextCookie(cookie, commitOf(reading).setCookie)).toBe("");
    const written = nextCookie("", commitOf(writing).setCookie);
    visit(sessions, written, (session) => expect(session["user"]).toBe("alice"));
  });

  it("removes the last message and keeps the data of the faster one", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => flash(session, "notice", "Hello"));
    const [reading, writing] = [sessions.open(cookie), sessions.open(cookie)];
    flash(reading.session, "notice");
    writing.session["user"] = "alice";
    commitOf(writing);
    const merged = nextCookie("", commitOf(reading).setCookie);
    visit(sessions, merged, (session) => {
      expect({ ...session }).toEqual({ user: "alice" });
      expect(flash(session, "notice")).toBeUndefined();
    });
  });

  it("deletes the cookie if both together removed all data", () => {
    const { sessions, cookie, types } = login();
    const both = visit(sessions, cookie, (session) => (session["n"] = 1)).cookie;
    const [one, two] = [sessions.open(both), sessions.open(both)];
    delete one.session["user"];
    delete two.session["n"];
    commitOf(one);
    expect(nextCookie(both, commitOf(two).setCookie)).toBe("");
    expect(types().at(-1)).toBe("destroyed");
  });

  it("deletes the keys that it knew, and keeps the one that it did not", () => {
    const { sessions, cookie } = login();
    const emptying = sessions.open(cookie);
    delete emptying.session["user"];
    visit(sessions, cookie, (session) => (session["n"] = 1));
    const merged = nextCookie("", commitOf(emptying).setCookie);
    visit(sessions, merged, (session) => expect({ ...session }).toEqual({ n: 1 }));
  });
});
