import { describe, expect, it } from "vitest";
import { KEY, readSetCookie, start, visit } from "@galleta/test-support/sessions";
import { starlette } from "../formats/starlette.ts";
import { signToken } from "../token/token.ts";
import { memoryStore } from "../store/memory.ts";
import type { Commit } from "../cookie/headers.ts";
import { csrfToken, verifyToken } from "../csrf/session-token.ts";
import { flash, renew, setMaxAge } from "./functions.ts";

const big = (length: number) => "x".repeat(length);
const linesOf = (setCookie: readonly string[]) =>
  setCookie.map((line) => {
    const { name, value } = readSetCookie(line);
    return value === "" ? `delete ${name}` : name;
  });

describe("a session without data", () => {
  it("is kept for a flash message, also with a lifetime of its own", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => {
      setMaxAge(session, 60);
      flash(session, "notice", "saved");
    });
    visit(sessions, cookie, (session) => expect(flash(session, "notice")).toBe("saved"));
  });

  it.each(["from", "maxAge", "label", "epoch", "device"])(
    "is deleted if only its metadata %s is left",
    (key) => {
      const { sessions } = start();
      const { cookie } = visit(sessions, "", (session, context) => {
        session["user"] = "ana";
        context.changeMeta((meta) => Object.assign(meta, { [key]: 1 }));
      });
      const { commit } = visit(sessions, cookie, (session) => delete session["user"]);
      expect(linesOf(commit.setCookie)).toEqual(["delete session"]);
    },
  );

  it("is destroyed, with one event of the old id, also if it was renewed before", () => {
    const { sessions, events } = start();
    const { cookie } = visit(sessions, "", (session) => (session["user"] = "ana"));
    const [created] = events.splice(0);
    const { commit } = visit(sessions, cookie, (session) => {
      renew(session);
      delete session["user"];
    });
    expect(linesOf(commit.setCookie)).toEqual(["delete session"]);
    expect(events).toMatchObject([{ type: "destroyed", session: created?.session }]);
    visit(sessions, cookie, (session) => expect(session).toEqual({}));
  });
});

describe.each([
  ["undefined", { user: undefined }],
  ["__proto__", JSON.parse('{"__proto__":{"admin":true}}') as object],
])("a session whose only key JSON drops (%s)", (_what, data) => {
  const assign = (session: object) =>
    Object.defineProperties(session, Object.getOwnPropertyDescriptors(data));

  it.each([{ encrypt: false }, { encrypt: true }, { store: memoryStore() }])(
    "gets no cookie with %j",
    async (options) => {
      const context = start(options).sessions.open("");
      assign(context.session);
      expect((await context.commit()).setCookie).toEqual([]);
    },
  );

  it("is not reported as a dropped write", () => {
    const { sessions, types } = start();
    const context = sessions.open("", {
      method: "POST",
      target: "/",
      header: (name) => (name === "sec-fetch-site" ? "cross-site" : undefined),
      encrypted: true,
      remoteAddress: undefined,
    });
    assign(context.session);
    expect(context.commit()).toMatchObject({ setCookie: [] });
    expect(types()).toEqual([]);
  });

  it("is destroyed if it had data", () => {
    const { sessions, types } = start();
    const { cookie } = visit(sessions, "", (session) => (session["user"] = "ana"));
    const { commit } = visit(sessions, cookie, (session) => {
      delete session["user"];
      assign(session);
    });
    expect(linesOf(commit.setCookie)).toEqual(["delete session"]);
    expect(types()).toEqual(["created", "destroyed"]);
  });

  it("is kept for a CSRF token", () => {
    const { sessions } = start();
    const context = sessions.open("");
    assign(context.session);
    const token = csrfToken(context.session);
    const [cookie] = (context.commit() as Commit).setCookie;
    const next = sessions.open(cookie?.split(";")[0] ?? "");
    expect(verifyToken(next.session, token)).toBe(true);
  });

  it("is a logout whose cookie is deleted even if it fails", async () => {
    const store = memoryStore();
    const { sessions } = start({ store });
    const login = sessions.open("");
    login.session["user"] = "ana";
    const [line = ""] = (await login.commit()).setCookie;
    store.replace = () => Promise.reject(new Error("down"));
    const logout = sessions.open(line.split(";")[0]);
    await logout.load();
    delete logout.session["user"];
    assign(logout.session);
    await expect(logout.commit()).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(linesOf((await logout.commit()).setCookie)).toEqual(["delete session"]);
  });
});

it("no session stores __proto__, at any depth", () => {
  const { sessions } = start();
  const { cookie } = visit(sessions, "", (session) => {
    session["a"] = JSON.parse('{"b":[{"__proto__":{"admin":true},"c":"__proto__"}]}');
  });
  const { json } = sessions.open(cookie).state.loaded;
  expect(json).toBe('{"a":{"b":[{"c":"__proto__"}]}}');
});

it.each(['{"a": 1}', '{"a": [1, 2], "b": {"c": 1.0}}'])(
  "the JSON %s that another program wrote is not a change",
  (json) => {
    const { sessions } = start();
    const { ring } = sessions.shared.settings;
    const iat = Math.floor(Date.now() / 1000);
    const token = signToken(
      { sid: "AAAAAAAAAAAAAAAAAAAAAA", rev: 1, json, born: iat, iat, exp: iat + 1_209_600 },
      ring,
    );
    const { commit } = visit(sessions, `session=${token}`, (session) => {
      expect({ ...session }).toEqual(JSON.parse(json));
    });
    expect(commit.setCookie).toEqual([]);

    const old = "an older key of the test, with more than 32 characters";
    const rotated = start({ secretKey: [KEY, old] }).sessions;
    const [, oldKey] = rotated.shared.settings.ring.keys;
    const signedBefore = signToken(
      { sid: "AAAAAAAAAAAAAAAAAAAAAA", rev: 1, json, born: iat, iat, exp: iat + 1_209_600 },
      { ...rotated.shared.settings.ring, newest: oldKey! },
    );
    const next = visit(rotated, `session=${signedBefore}`);
    expect(next.commit.setCookie).toHaveLength(1);
    expect(rotated.open(next.cookie).state.loaded.rev).toBe(1);
  },
);

describe("a change of a session in chunks", () => {
  const secretKey = "a key of Starlette for tests, long enough for it";
  const old = starlette({ secretKey, sessionCookie: "old" });
  const { sessions } = start({ chunks: 16_384, formats: [old] });
  const { cookie } = visit(sessions, "", (session) => (session["a"] = big(8000)));

  it("deletes no chunk that it writes", () => {
    const { commit } = visit(sessions, cookie, (session) => (session["b"] = 1));
    expect(linesOf(commit.setCookie)).toEqual(["session", "session.1", "session.2"]);
  });

  it("deletes only the chunks that are left over, and no cookie of another format", () => {
    const neighbour = old
      .write({ user: "old" }, 0, null)
      .map(({ name, value }) => `${name}=${value}`);
    const header = [cookie, ...neighbour].join("; ");
    const { commit } = visit(sessions, header, (session) => (session["a"] = big(5000)));
    expect(linesOf(commit.setCookie)).toEqual(["session", "session.1", "delete session.2"]);
  });
});

it("the error for a large session names at most three keys, and not one without a value", () => {
  const { sessions } = start();
  const context = sessions.open("");
  const data = { a: undefined, b: big(1000), c: big(2000), d: big(3000), e: 1 };
  Object.assign(context.session, data);
  expect(() => context.commit()).toThrow(
    expect.objectContaining({
      code: "ERR_SESSION_TOO_LARGE",
      message: expect.stringMatching(/keys are "d", "c", "b": /),
    }),
  );
});
