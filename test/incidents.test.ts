// One test for each way in which session libraries have failed before. Each name says what must not
// happen again.
import { App, configure, csrfToken, destroy, renew, type SessionOptions } from "galleta";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { verifyToken } from "../packages/session/src/csrf/session-token.ts";
import { starlette } from "../packages/session/src/formats/starlette.ts";
import { createKeyRing, info } from "../packages/session/src/token/keys.ts";
import { encryptToken, openToken, signToken } from "../packages/session/src/token/token.ts";
import { commitOf, KEY, nextCookie, start, valueOf, visit } from "./support/sessions.ts";

const NOW = new Date("2026-01-01T00:00:00Z");
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const kinds = [{ encrypt: false }, { encrypt: true }];

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A login: a session with a user in it, and its `Cookie` header. */
function login(options: Partial<SessionOptions> = {}) {
  const started = start(options);
  const { cookie } = visit(started.sessions, "", (session) => (session["user"] = "alice"));
  return { ...started, cookie };
}

/** An app with the routes of a small shop. */
function shop(options: Partial<SessionOptions> = {}): App<{ user: string }> {
  const app = new App<{ user: string }>();
  configure(app, {
    SESSIONS: { secretKey: KEY, maxAge: 1000, onEvent: () => undefined, ...options },
  });
  app.route("/login", { methods: ["POST"] }, (req, res) => {
    renew(req.session);
    req.session.user = "alice";
    res.text = "welcome";
  });
  app.route("/logout", { methods: ["POST"] }, (req, res) => {
    destroy(req.session);
    res.text = "bye";
  });
  app.route("/me", (req, res) => (res.text = req.session.user ?? "nobody"));
  app.route("/cached", (req, res) => {
    res.headers.set("cache-control", "public, max-age=3600");
    res.headers.set("vary", "Accept-Language");
    res.text = req.session.user ?? "nobody";
  });
  return app;
}

async function ask(app: App<{ user: string }>, path: string, cookie = "", method = "GET") {
  const headers = cookie === "" ? {} : { cookie };
  const response = await app.fetch(new Request(`http://shop.example${path}`, { method, headers }));
  return {
    text: await response.text(),
    headers: response.headers,
    cookie: nextCookie(cookie, response.headers.getSetCookie()),
  };
}

describe("replay", () => {
  it.each(kinds)("a saved cookie is rejected after the session was deleted (%j)", async (kind) => {
    const app = shop(kind);
    const { cookie } = await ask(app, "/login", "", "POST");
    expect((await ask(app, "/me", cookie)).text).toBe("alice");
    expect((await ask(app, "/logout", cookie, "POST")).cookie).toBe("");
    expect((await ask(app, "/me", cookie)).text).toBe("nobody");
  });

  it.each(kinds)("the cookie from before the login is worthless after it (%j)", async (kind) => {
    const { sessions, cookie } = login(kind);
    visit(sessions, cookie, (session) => renew(session));
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({}));
  });

  it.each(kinds)("a restored cookie gains no lifetime (%j)", (kind) => {
    const { sessions, cookie } = login({ ...kind, maxAge: 100, absoluteMaxAge: 250 });
    let current = cookie;
    for (let i = 0; i < 4; i += 1) {
      pass(60);
      current = visit(sessions, current, (session) => (session["i"] = i)).cookie;
    }
    expect(sessions.open(current).session["user"]).toBe("alice");
    expect({ ...sessions.open(cookie).session }).toEqual({});
    pass(10);
    expect({ ...sessions.open(current).session }).toEqual({});
  });

  it("a deleted cookie that comes back in another session's request ends nothing else", () => {
    const { sessions, cookie } = login();
    visit(sessions, cookie, (session) => destroy(session));
    const other = visit(sessions, cookie, (session) => {
      renew(session);
      session["user"] = "bob";
    });
    visit(sessions, other.cookie, (session) => expect(session["user"]).toBe("bob"));
  });
});

describe("downgrade", () => {
  it("a failure never falls back to a weaker decoder", () => {
    const weak = starlette({ secretKey: KEY });
    const { cookie } = login({ encrypt: true });
    const token = valueOf(cookie);
    const asked: string[] = [];
    const spy: typeof weak = {
      ...weak,
      read: (cookies, now) => {
        asked.push(cookies.get("session") ?? "");
        return weak.read(cookies, now);
      },
    };
    const { sessions, types } = start({ encrypt: true, formats: [spy] });
    const broken = [
      `${token.slice(0, -4)}AAAA`,
      token.slice(0, -4),
      token.slice(0, 100),
      signToken(
        { sid: "A".repeat(22), rev: 1, json: '{"user":"eve"}', born: 1, iat: 1, exp: 0xffff_ffff },
        createKeyRing([Buffer.from(KEY)], "session"),
      ),
    ];
    for (const value of broken) {
      expect({ ...sessions.open(`session=${value}`).session }).toEqual({});
    }
    expect(asked).toEqual([]);
    expect(types()).toEqual(broken.map(() => "rejected"));
  });

  it("neither kind of token is taken for the other unless both are allowed", () => {
    for (const encrypt of [false, true]) {
      const { sessions } = start({ encrypt });
      expect({ ...sessions.open(login({ encrypt: !encrypt }).cookie).session }).toEqual({});
    }
  });

  it("a token of one use is rejected for another", () => {
    const ring = createKeyRing([Buffer.from(KEY)], "session");
    const now = Math.floor(Date.now() / 1000);
    const content = { sid: "A".repeat(22), rev: 1, json: '{"user":"eve"}' };
    const ticket = encryptToken({ ...content, born: now, iat: now, exp: now + 60 }, ring, "ticket");
    const { sessions, events } = start({ encrypt: true });
    expect({ ...sessions.open(`session=${ticket}`).session }).toEqual({});
    expect(events).toMatchObject([{ type: "rejected", reason: "mac" }]);
    const session = valueOf(login({ encrypt: true }).cookie);
    expect(openToken(session, ring, { signed: false, encrypted: true }, "ticket")).toBe("mac");
    // A CSRF token is not a session, a session is not a CSRF token, and neither works for another
    // scope.
    visit(sessions, "", (mine) => {
      mine["a"] = 1;
      const token = csrfToken(mine, "transfer");
      expect({ ...start().sessions.open(`session=${token}`).session }).toEqual({});
      expect(verifyToken(mine, token)).toBe(false);
      expect(verifyToken(mine, token, "transfer")).toBe(true);
      expect(verifyToken(mine, session)).toBe(false);
    });
  });
});

describe("races", () => {
  it.each<[string, (session: { [key: string]: unknown }) => void]>([
    ["writes", (session) => (session["n"] = 1)],
    ["renews", (session) => renew(session)],
    ["reads, and is due for a new lifetime", () => pass(500)],
    [
      "logs in again and renews",
      (session) => {
        session["user"] = "alice again";
        renew(session);
      },
    ],
  ])("a slow request that %s cannot restore a destroyed session", (_, work) => {
    const { sessions, cookie } = login({ maxAge: 1000 });
    const slow = sessions.open(cookie);
    expect(slow.session["user"]).toBe("alice");
    work(slow.session);
    visit(sessions, cookie, (session) => destroy(session));
    expect(commitOf(slow).setCookie).toEqual([]);
    expect({ ...sessions.open(cookie).session }).toEqual({});
  });
});

describe("keys", () => {
  it('the derivation is injective: ("ab", "c") differs from ("a", "bc")', () => {
    expect(info("ab", "c")).not.toEqual(info("a", "bc"));
    const secret = Buffer.from(KEY);
    const content = { sid: "A".repeat(22), rev: 1, json: "{}", born: 1, iat: 1, exp: 9 };
    const one = signToken(content, createKeyRing([secret], "ab"));
    for (const name of ["a", "abc", "b", "sign"]) {
      const both = { signed: true, encrypted: true };
      expect(openToken(one, createKeyRing([secret], name), both)).toBe("mac");
    }
  });

  it("of two cookies with one secret, neither opens as the other", () => {
    const { cookie } = login({ sessionCookie: "admin" });
    const { sessions } = start({ sessionCookie: "user" });
    expect({ ...sessions.open(`user=${valueOf(cookie)}`).session }).toEqual({});
  });

  it("the newest key signs", () => {
    const [old, young] = [`${KEY} old`, `${KEY} young`];
    const { cookie } = login({ secretKey: [young, old] });
    expect(start({ secretKey: young }).sessions.open(cookie).session["user"]).toBe("alice");
    expect({ ...start({ secretKey: old }).sessions.open(cookie).session }).toEqual({});
  });
});

describe("caches", () => {
  it("a response that only refreshed the cookie is private, and varies", async () => {
    const app = shop();
    const { cookie } = await ask(app, "/login", "", "POST");
    const fresh = await ask(app, "/cached", cookie);
    expect(fresh.headers.getSetCookie()).toEqual([]);
    expect(fresh.headers.get("vary")).toBe("Accept-Language, Cookie");
    pass(101);
    const refreshed = await ask(app, "/cached", cookie);
    expect(refreshed.headers.getSetCookie()).toHaveLength(1);
    expect(refreshed.headers.get("cache-control")).toBe("private, no-store");
    expect(refreshed.headers.get("vary")).toBe("Accept-Language, Cookie");
  });

  it("a response that deletes the cookie is private, and varies", async () => {
    const app = shop();
    const { cookie } = await ask(app, "/login", "", "POST");
    const { headers } = await ask(app, "/logout", cookie, "POST");
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("vary")).toBe("Cookie");
  });

  it("a response for a visitor without a session varies too, or caches give it to all", async () => {
    const { headers } = await ask(shop(), "/me");
    expect(headers.get("vary")).toBe("Cookie");
  });
});
