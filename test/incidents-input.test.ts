// More of incidents.test.ts: the input of cookies, and their output.
import type { SessionOptions } from "galleta";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { serializeCookie } from "../packages/session/src/cookie/serialize.ts";
import { createKeyRing } from "../packages/session/src/token/keys.ts";
import { encryptToken, signToken } from "../packages/session/src/token/token.ts";
import { commitOf, KEY, nextCookie, start, valueOf, visit } from "./support/sessions.ts";

const kinds = [{ encrypt: false }, { encrypt: true }];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
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

describe("cookies", () => {
  const injections = [
    "a; Domain=evil.example",
    "a;b",
    "a\rb",
    "a\nb",
    "a\r\nSet-Cookie: x=y",
    "a\tb",
    "a\0b",
  ];

  it.each(injections)("an attribute cannot be injected: %j throws", (text) => {
    expect(() => serializeCookie("session", text, "", null)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
    for (const name of ["sessionCookie", "path", "domain", "sameSite"]) {
      const value = name === "path" ? `/${text}` : text;
      expect(() => start({ [name]: value })).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
      );
    }
  });

  it.each(injections)("a session's content never reaches the header unescaped: %j", (text) => {
    const { sessions } = start();
    const { commit, cookie } = visit(sessions, "", (session) => {
      session["text"] = text;
      session[text] = 1;
    });
    expect(commit.setCookie).toEqual([
      expect.stringMatching(/^session=[\w-]+; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    visit(sessions, cookie, (session) => expect(session["text"]).toBe(text));
  });

  it.each<[string, (token: string) => string]>([
    ["nameless", (token) => `=__Host-session=${token}`],
    ["nameless with a space", (token) => `= __Host-session=${token}`],
    ["percent-encoded", (token) => `%5F%5FHost-session=${token}`],
    ["half percent-encoded", (token) => `__Host%2Dsession=${token}`],
    ["lower case", (token) => `__host-session=${token}`],
    ["with Unicode white space", (token) => `\u2003__Host-session=${token}`],
    ["in quotes", (token) => `"__Host-session"=${token}`],
    ["inside another value", (token) => `a=__Host-session=${token}`],
    ["with a space behind its name", (token) => `__Host-session =${token}`],
  ])("a %s cookie is not the one with the prefix", (_, make) => {
    const { sessions, cookie, events } = login({ hardened: true });
    expect(sessions.open(cookie).session["user"]).toBe("alice");
    expect({ ...sessions.open(make(valueOf(cookie))).session }).toEqual({});
    expect(events.filter(({ type }) => type === "rejected")).toEqual([]);
  });

  it("a planted cookie and a genuine one are both rejected, in either order", () => {
    const { sessions, cookie, events } = login();
    const changed = `${cookie.slice(0, -1)}${cookie.endsWith("A") ? "B" : "A"}`;
    for (const header of [
      `session=x; ${cookie}`,
      `${cookie}; a=1; session=x`,
      `${cookie}; ${changed}`,
    ]) {
      events.length = 0;
      expect({ ...sessions.open(header).session }).toEqual({});
      expect(events).toMatchObject([{ type: "rejected", reason: "duplicate" }]);
    }
    expect(sessions.open(`${cookie}; ${cookie}`).session["user"]).toBe("alice");
  });
});

describe("payloads", () => {
  it.each(kinds)("__proto__ in a payload is dropped, at every depth (%j)", ({ encrypt }) => {
    const ring = createKeyRing([Buffer.from(KEY)], "session");
    const now = Math.floor(Date.now() / 1000);
    const make = encrypt ? encryptToken : signToken;
    const evil = '"__proto__":{"admin":true},"\\u005f_proto__":{"admin":true}';
    const json = `{${evil},"user":{${evil},"list":[{${evil}}]}}`;
    const token = make(
      { sid: "A".repeat(22), rev: 1, json, born: now, iat: now, exp: now + 60 },
      ring,
    );
    const { sessions } = start({ encrypt });
    const context = sessions.open(`session=${token}`);
    const user = context.session["user"] as { admin?: boolean; list: { admin?: boolean }[] };
    const seen = [context.session["admin"], user.admin, user.list[0]?.admin];
    expect(seen).toEqual([undefined, undefined, undefined]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(JSON.stringify(context.session)).toBe('{"user":{"list":[{}]}}');
    // And a write does not bring it back.
    context.session["n"] = 1;
    const next = nextCookie("", commitOf(context).setCookie);
    expect(JSON.stringify(sessions.open(next).session)).toBe('{"user":{"list":[{}]},"n":1}');
  });

  it("a payload that is not a session is an empty session, and not an error", () => {
    const ring = createKeyRing([Buffer.from(KEY)], "session");
    const now = Math.floor(Date.now() / 1000);
    const { sessions, events } = start();
    const deep = `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    for (const json of ["", "null", "[]", "1", '"text"', "{", "[{},{},{}]", "\ufffd"]) {
      const token = signToken(
        { sid: "A".repeat(22), rev: 1, json, born: now, iat: now, exp: now + 60 },
        ring,
      );
      expect({ ...sessions.open(`session=${token}`).session }).toEqual({});
      expect(events.at(-1)).toMatchObject({ type: "rejected", reason: "payload" });
    }
    const token = signToken(
      { sid: "A".repeat(22), rev: 1, json: deep, born: now, iat: now, exp: now + 60 },
      ring,
    );
    expect(Object.keys(sessions.open(`session=${token}`).session)).toEqual(["a"]);
  });
});
