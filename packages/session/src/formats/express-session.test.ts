import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { createSessions } from "../sessions.ts";
import { expressSession } from "./express-session.ts";

const SECRET = "their secret";
const signed = (sid: string, secret = SECRET) => {
  const mac = createHmac("sha256", secret).update(sid).digest("base64").replace(/=+$/, "");
  return `connect.sid=${encodeURIComponent(`s:${sid}.${mac}`)}`;
};

function sessionsOf(kept: Record<string, unknown>) {
  const asked: string[] = [];
  const store = {
    get(sid: string, done: (error?: unknown, session?: never) => void) {
      asked.push(sid);
      done(undefined, kept[sid] as never);
    },
  };
  const formats = [expressSession({ secret: SECRET, store })];
  const secretKey = "a secret key of this test, long enough";
  return { asked, sessions: createSessions({ secretKey, formats, onEvent: () => {} }) };
}

async function read(sessions: ReturnType<typeof sessionsOf>["sessions"], cookie: string) {
  const context = sessions.open(cookie);
  await context.load();
  return context;
}

it("takes the data and the beginning, and leaves the cookie's attributes behind", async () => {
  const now = Date.now();
  const cookie = { originalMaxAge: 60_000, expires: new Date(now + 40_000), path: "/" };
  const { sessions } = sessionsOf({ a: { cookie, user: "ana", deep: { list: [1, null] } } });
  const { session, state } = await read(sessions, signed("a"));
  expect({ ...session }).toEqual({ user: "ana", deep: { list: [1, null] } });
  expect(Math.abs(state.born - (now / 1000 - 20))).toBeLessThan(2);
});

it("does not ask its store about Galleta's own cookies or forged ones", async () => {
  const { sessions, asked } = sessionsOf({ a: { user: "ana" } });
  const first = await read(sessions, signed("a"));
  void first.session;
  const [own = ""] = (await first.commit()).setCookie;
  const both = `${own.split(";")[0]}; ${signed("a")}`;
  expect({ ...(await read(sessions, both)).session }).toEqual({ user: "ana" });
  expect({ ...(await read(sessions, signed("a", "another secret"))).session }).toEqual({});
  expect(asked).toEqual(["a"]);
});

it("keeps ids with dots, and no key that changes prototypes", async () => {
  const evil = JSON.parse('{"__proto__":{"admin":true},"user":"ana"}') as object;
  const { sessions } = sessionsOf({ "a.b.c": evil });
  const { session } = await read(sessions, signed("a.b.c"));
  expect((session as { admin?: boolean }).admin).toBeUndefined();
});

it("throws where a session is used before the store was asked", () => {
  const { sessions } = sessionsOf({ a: { user: "ana" } });
  expect(() => sessions.open(signed("a")).session).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_SETUP" }),
  );
  // Without such a cookie nothing has to be asked.
  expect({ ...sessions.open("other=1").session }).toEqual({});
});

it.each([undefined, null, "text", 7, [1], { get: 1 }])("rejects %s as a store", (store) => {
  expect(() => expressSession({ secret: SECRET, store: store as never })).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
  );
});

it("cannot be used for writeAs", () => {
  const format = expressSession({ secret: SECRET, store: { get() {} } });
  const options = { secretKey: "a secret key of this test, long enough", writeAs: format as never };
  expect(() => createSessions(options)).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
  );
});

it("takes another prefix of the id, such as none, and then no other", async () => {
  const store = {
    get: (sid: string, done: (error?: unknown, session?: never) => void) =>
      done(undefined, { user: sid } as never),
  };
  const read = (cookiePrefix: string, cookie: string) => {
    const format = expressSession({ secret: SECRET, store, cookiePrefix });
    const cookies = new Map([["connect.sid", cookie.slice(cookie.indexOf("=") + 1)]]);
    return format.load(cookies as never);
  };
  const plain = (sid: string) => signed(sid).replace("s%3A", "");
  expect(await read("", plain("a"))).toMatchObject({ ok: true, data: { user: "a" } });
  expect(await read("", signed("a"))).toMatchObject({ ok: false, reason: "mac" });
  expect(await read("s:", plain("a"))).toMatchObject({ ok: false, reason: "malformed" });
  expect(await read("", plain(""))).toMatchObject({ ok: false, reason: "malformed" });
  expect(() => expressSession({ secret: SECRET, store, cookiePrefix: 7 as never })).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
  );
});
