import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commitOf, nextCookie, readSetCookie, start, visit } from "@galleta/test-support/sessions";
import { facts } from "@galleta/test-support/facts";
import { applyCommit } from "../cookie/headers.ts";
import { csrfToken, verifyToken } from "../csrf/session-token.ts";
import { memoryStore } from "../store/memory.ts";
import {
  authenticatedAt,
  describe as describeSession,
  destroy,
  flash,
  label,
  renew,
} from "./functions.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("flash", () => {
  it("is there in the next request, once", () => {
    const { sessions } = start();
    const set = visit(sessions, "", (session) => {
      expect(flash(session, "notice", "Saved")).toBeUndefined();
      expect(Object.keys(session)).toEqual([]);
    });
    const untaken = visit(sessions, set.cookie, (session) => expect({ ...session }).toEqual({}));
    expect(untaken.commit.setCookie).toEqual([]);
    const taken = visit(sessions, set.cookie, (session) => {
      expect(flash(session, "notice")).toBe("Saved");
      expect(flash(session, "notice")).toBeUndefined();
    });
    expect(taken.commit.setCookie).toHaveLength(1);
    expect(taken.cookie).toBe("");
  });

  it("may be taken in the same request", () => {
    const { sessions } = start();
    const { commit } = visit(sessions, "", (session) => {
      flash(session, "notice", { level: "info", lines: [1, null] });
      expect(flash(session, "notice")).toEqual({ level: "info", lines: [1, null] });
    });
    expect(commit.setCookie).toEqual([]);
  });

  it("keeps several apart, also under names that objects inherit", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => {
      for (const key of ["a", "toString", "constructor", ""]) flash(session, key, `for ${key}`);
      expect(flash(session, "valueOf")).toBeUndefined();
    });
    visit(sessions, cookie, (session) => {
      expect(flash(session, "hasOwnProperty")).toBeUndefined();
      expect(flash(session, "toString")).toBe("for toString");
      expect(flash(session, "")).toBe("for ");
      expect(flash(session, "__proto__")).toBeUndefined();
    });
  });

  it("replaces a message and returns nothing, also where no user sees the response", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => flash(session, "k", "old"));
    const context = sessions.open(cookie, facts({ method: "HEAD" }));
    expect(flash(context.session, "k", "new")).toBeUndefined();
    const next = nextCookie(cookie, commitOf(context).setCookie);
    visit(sessions, next, (session) => expect(flash(session, "k")).toBe("new"));
  });

  it("names a message that JSON cannot carry", () => {
    const { session } = start().sessions.open("");
    expect(() => flash(session, "k", 1n as never)).toThrow(/^The message "k" is a bigint/);
  });

  it.each([null, false, 0, "", []])("accepts %j as a message", (value) => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => flash(session, "k", value));
    visit(sessions, cookie, (session) => expect(flash(session, "k")).toEqual(value));
  });

  it.each([1n, Number.NaN, () => 1, Symbol("s"), new Map(), [undefined]])(
    "throws for %o",
    (value) => {
      const context = start().sessions.open("");
      context.session["a"] = 1;
      expect(() => flash(context.session, "k", value as unknown as string)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
      );
      expect(commitOf(context).setCookie).toHaveLength(1);
    },
  );
});

describe("authenticatedAt", () => {
  it("is undefined at first, exact to the second, kept beside the data, and gone with the session", () => {
    const { sessions } = start();
    const when = new Date("2026-01-01T00:00:07.999Z");
    const first = visit(sessions, "", (session) => {
      expect(authenticatedAt(session)).toBeUndefined();
      expect(authenticatedAt(session, when)).toEqual(new Date("2026-01-01T00:00:07Z"));
    });
    const second = visit(sessions, first.cookie, (session) => {
      expect({ ...session }).toEqual({});
      expect(authenticatedAt(session)).toEqual(new Date("2026-01-01T00:00:07Z"));
      renew(session);
      session["a"] = 1;
    });
    visit(sessions, second.cookie, (session) => {
      expect(authenticatedAt(session)).toEqual(new Date("2026-01-01T00:00:07Z"));
      destroy(session);
      expect(authenticatedAt(session)).toBeUndefined();
    });
  });
  it("throws for an invalid date", () => {
    const { session } = start().sessions.open("");
    expect(() => authenticatedAt(session, new Date(Number.NaN))).toThrow(RangeError);
  });
  it("survives the data being replaced", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => authenticatedAt(session, new Date(5000)));
    const next = visit(sessions, cookie, (_, context) => (context.session = { a: 1 }));
    visit(sessions, next.cookie, (session) =>
      expect(authenticatedAt(session)).toEqual(new Date(5000)),
    );
  });
});

describe("destroy", () => {
  const login = (options = {}) => {
    const started = start(options);
    const { cookie } = visit(started.sessions, "", (session) => (session["user"] = "alice"));
    return { ...started, cookie };
  };

  it("deletes the cookie with the attributes that it was set with", () => {
    const { sessions, cookie } = login({
      path: "/app",
      domain: "example.com",
      httpsOnly: true,
      sameSite: "none",
      partitioned: true,
    });
    const { commit } = visit(sessions, cookie, (session) => destroy(session));
    const { name, value, attributes } = readSetCookie(commit.setCookie[0] ?? "");
    expect([name, value, commit.setCookie.length]).toEqual(["session", "", 1]);
    expect([...attributes]).toEqual([
      ["max-age", "0"],
      ["expires", "Thu, 01 Jan 1970 00:00:00 GMT"],
      ["path", "/app"],
      ["domain", "example.com"],
      ["secure", ""],
      ["httponly", ""],
      ["samesite", "None"],
      ["partitioned", ""],
    ]);
  });

  it("emits one event, also for an empty session or when called twice", () => {
    const { sessions, cookie, types } = login();
    visit(sessions, "", (session) => destroy(session));
    visit(sessions, cookie, (session) => {
      renew(session);
      destroy(session);
      destroy(session);
    });
    expect(types()).toEqual(["created", "destroyed"]);
  });

  it("starts another session with later writes", () => {
    const { sessions, cookie, types } = login();
    const ids: string[] = [];
    const next = visit(sessions, cookie, (session) => {
      ids.push(describeSession(session).id);
      destroy(session);
      session["user"] = "alice";
    });
    visit(sessions, next.cookie, (session) => {
      ids.push(describeSession(session).id);
      expect({ ...session }).toEqual({ user: "alice" });
    });
    expect(new Set(ids).size).toBe(2);
    expect(types()).toEqual(["created", "destroyed", "created"]);
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({}));
  });

  it("starts the absolute lifetime of that session anew", () => {
    const { sessions, cookie } = login({ absoluteMaxAge: 100 });
    vi.setSystemTime(Date.now() + 99_000);
    const next = visit(sessions, cookie, (session) => {
      destroy(session);
      session["user"] = "bob";
    });
    vi.setSystemTime(Date.now() + 99_000);
    visit(sessions, next.cookie, (session) => expect(session["user"]).toBe("bob"));
  });

  it("also deletes a rejected cookie", () => {
    const { sessions } = login();
    for (const cookie of ["session=rubbish", "session=a; session=b"]) {
      expect(visit(sessions, cookie).commit.setCookie).toEqual([]);
      const { commit } = visit(sessions, cookie, (session) => destroy(session));
      expect(commit.setCookie).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
    }
    expect(visit(sessions, "other=1", (session) => destroy(session)).commit.setCookie).toEqual([]);
  });

  it.each<[Parameters<typeof destroy>[1], string | null]>([
    [undefined, null],
    [{}, null],
    [{ clearSiteData: false }, null],
    [{ clearSiteData: [] }, null],
    [{ clearSiteData: true }, '"cookies", "storage"'],
    [{ clearSiteData: ["cache", "*"] }, '"cache", "*"'],
  ])("with %j asks the browser to clear %s", (options, header) => {
    const { sessions, cookie } = login();
    const { commit } = visit(sessions, cookie, (session) => destroy(session, options));
    const headers = new Headers();
    applyCommit(commit, headers);
    expect(headers.get("clear-site-data")).toBe(header);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("vary")).toBe("Cookie");
  });
});

describe("renew", () => {
  it("invalidates earlier CSRF tokens", () => {
    const { sessions } = start();
    let token = "";
    const { cookie } = visit(sessions, "", (session) => {
      session["a"] = 1;
      token = csrfToken(session);
      expect(verifyToken(session, token)).toBe(true);
    });
    const renewed = visit(sessions, cookie, (session) => {
      expect(verifyToken(session, token)).toBe(true);
      renew(session);
      expect(verifyToken(session, token)).toBe(false);
      token = csrfToken(session);
    });
    visit(sessions, renewed.cookie, (session) => expect(verifyToken(session, token)).toBe(true));
    visit(sessions, "", (session) => expect(verifyToken(session, token)).toBe(false));
  });

  it("emits no event for a new session", () => {
    const { sessions, types } = start();
    visit(sessions, "", (session) => {
      renew(session);
      renew(session);
      session["a"] = 1;
    });
    expect(types()).toEqual(["created"]);
  });

  it("leaves nothing for a session without data", () => {
    const { sessions } = start();
    expect(visit(sessions, "", (session) => renew(session)).commit.setCookie).toEqual([]);
  });

  it("ends the first id once when called twice", () => {
    const { sessions, types } = start();
    const { cookie } = visit(sessions, "", (session) => (session["a"] = 1));
    const next = visit(sessions, cookie, (session) => {
      renew(session);
      renew(session);
    });
    visit(sessions, next.cookie, (session) => expect({ ...session }).toEqual({ a: 1 }));
    expect(types()).toEqual(["created", "renewed"]);
  });
});

describe("describe", () => {
  it("says why there is no session", () => {
    const { sessions } = start();
    const told = (cookie: string) => describeSession(sessions.open(cookie).session);
    expect(told("")).not.toHaveProperty("rejected");
    expect(told("session=a; session=b").rejected).toBe("duplicate");
    expect(told("session=rubbish").rejected).toBe("length");
    const { cookie } = visit(sessions, "", (session) => (session["a"] = 1));
    expect(told(cookie)).not.toHaveProperty("rejected");
    expect(told(`${cookie.slice(0, -1)}${cookie.endsWith("A") ? "B" : "A"}`).isNew).toBe(true);
    visit(sessions, cookie, (session) => destroy(session));
    expect(told(cookie).rejected).toBe("revoked");
  });
  it("writes the id of every key with eight digits", () => {
    const ids = Array.from({ length: 64 }, (_, i) => {
      const { sessions } = start({ secretKey: `a strong key of some length, number ${i}` });
      return describeSession(sessions.open("").session).keyId;
    });
    expect(ids.some((id) => id.startsWith("0"))).toBe(true);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(ids).size).toBe(64);
  });
  it("says that a copy stays valid without a store", () => {
    expect(describeSession(start().sessions.open("").session).revocable).toBe(false);
    const { session } = start({ store: memoryStore() }).sessions.open("");
    expect(describeSession(session)).toMatchObject({ revocable: true, deviceBound: "none" });
  });
});

describe("label", () => {
  it("names the session, and is kept beside the data", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => {
      session["user"] = "ana";
      expect(label(session)).toBeUndefined();
      expect(label(session, "x".repeat(100))).toBe("x".repeat(100));
    });
    const next = visit(sessions, cookie, (session) => {
      expect({ ...session }).toEqual({ user: "ana" });
      expect(label(session)).toBe("x".repeat(100));
      label(session, "A");
    });
    visit(sessions, next.cookie, (session) => expect(label(session)).toBe("A"));
  });

  it.each(["", "x".repeat(101), 1, null])("throws for %j", (text) => {
    const { session } = start().sessions.open("");
    expect(() => label(session, text as string)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(/^text must be .*1 to 100/),
      }),
    );
    expect(label(session)).toBeUndefined();
  });
});

describe("a CSRF token keeps a session", () => {
  it("without data, but not one that has data", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => csrfToken(session));
    expect(cookie).not.toBe("");
    const again = visit(sessions, cookie, (session) => csrfToken(session));
    expect(again.commit.setCookie).toEqual([]);
    const context = sessions.open(cookie);
    destroy(context.session);
    expect(nextCookie(cookie, commitOf(context).setCookie)).toBe("");
  });
});
