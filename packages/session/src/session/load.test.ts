import { describe, expect, it } from "vitest";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import { cookieSession } from "../formats/cookie-session.ts";
import { starlette } from "../formats/starlette.ts";
import { memoryStore } from "../store/memory.ts";
import { signToken } from "../token/token.ts";
import type { StoredFormat } from "./format.ts";
import { describe as describeSession, destroy } from "./functions.ts";
import type { CreateSessionsOptions } from "../sessions.ts";

const login = async (options: Partial<CreateSessionsOptions> = {}) => {
  const { sessions } = start(options);
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["user"] = "ana"));
  return { sessions, jar };
};

/** Reads a session that other options wrote. Returns whether the response sets a new cookie. */
async function readWith(jar: Jar, options: Partial<CreateSessionsOptions>) {
  const { sessions, events } = start(options);
  const context = await jar.open(sessions);
  const data: Data = { ...context.session };
  const { rejected } = describeSession(context.session);
  const { setCookie } = await context.commit();
  return { data, rejected, events, isSet: setCookie.length > 0 };
}

describe("a cookie whose data is in a store", () => {
  it("is rejected without a store", async () => {
    const { jar } = await login({ store: memoryStore(), storage: "store" });
    expect(await readWith(jar, {})).toMatchObject({ data: {}, rejected: "payload" });
  });

  it("is rejected without a store, even if this process knows an older revision", async () => {
    const { sessions, jar } = await login();
    const other = start({ store: memoryStore(), storage: "store" }).sessions;
    await jar.request(other, (session) => void (session["n"] = 1));
    const context = await jar.open(sessions);
    expect({ ...context.session }).toEqual({});
    expect(describeSession(context.session).rejected).toBe("payload");
  });

  it("is rejected if the store has lost the data", async () => {
    const { jar } = await login({ store: memoryStore(), storage: "store" });
    const emptied = { store: memoryStore(), storage: "store" } as const;
    const { data, rejected } = await readWith(jar, emptied);
    expect([data, typeof rejected]).toEqual([{}, "string"]);
  });

  it("is replaced when the data belongs into the cookie again", async () => {
    const store = memoryStore();
    const { jar } = await login({ store, storage: "store" });
    const kept = await readWith(jar, { store, storage: "store" });
    expect(kept).toMatchObject({ data: { user: "ana" }, isSet: false });
    const moved = await readWith(jar, { store });
    expect(moved).toMatchObject({ data: { user: "ana" }, isSet: true });
  });
});

describe("a cookie with its data", () => {
  it("is replaced when the data belongs into a store", async () => {
    const store = memoryStore();
    const { jar } = await login({ store });
    expect(await readWith(jar, { store })).toMatchObject({ isSet: false });
    expect(await readWith(jar, { store, storage: "store" })).toMatchObject({
      data: { user: "ana" },
      isSet: true,
    });
  });

  it("is replaced with writeAs", async () => {
    const { jar } = await login();
    const secretKey = "a key of Starlette for tests, long enough for it";
    const result = await readWith(jar, { writeAs: starlette({ secretKey }) });
    expect(result).toMatchObject({ data: { user: "ana" }, isSet: true });
  });
});

it("a cookie that was read before has the newer data of the store", async () => {
  const store = memoryStore();
  const { sessions, jar } = await login({ store });
  const saved = jar.copy();
  const other = start({ store }).sessions;
  for (let time = 0; time < 3; time += 1) expect(await saved.read(other)).toEqual({ user: "ana" });
  await jar.request(sessions, (session) => void (session["user"] = "eva"));
  const late = saved.copy();
  expect(await saved.read(other)).toEqual({ user: "eva" });
  expect(await late.read(other)).toEqual({ user: "eva" });
});

it.each(["1", "[1]", "no JSON"])(
  "an authentic token with %s as its data is rejected",
  async (json) => {
    const { sessions, events } = start();
    const now = Math.floor(Date.now() / 1000);
    const content = { sid: "A".repeat(22), rev: 1, json, born: now, iat: now, exp: now + 60 };
    const jar = new Jar(`session=${signToken(content, sessions.shared.settings.ring)}`);
    expect(await jar.read(sessions)).toEqual({});
    expect(events).toMatchObject([{ type: "rejected", reason: "payload" }]);
  },
);

describe("the cookie of a format, besides ours,", () => {
  const old = starlette({
    secretKey: "a key of Starlette for tests, long enough for it",
    sessionCookie: "old",
  });
  const neighbour = () =>
    old
      .write({ user: "old" }, Math.floor(Date.now() / 1000), null)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  const named = (lines: readonly string[]) => lines.map((line) => line.split("=")[0]);

  it.each([{}, { chunks: 16_384 }])(
    "is deleted by a logout, if the browser sent it: %j",
    async (more) => {
      const { sessions, jar } = await login({ formats: [old], ...more });
      const logout = async (cookie: string) => {
        const context = sessions.open(cookie);
        destroy(context.session);
        return named((await context.commit()).setCookie);
      };
      expect(await logout(`${jar.cookie}; ${neighbour()}`)).toEqual(["session", "old"]);
      expect(await logout(jar.cookie)).toEqual(["session"]);
      expect(await logout(neighbour())).toEqual(["old"]);
    },
  );

  it("is deleted once if it has the same name", async () => {
    const same = cookieSession({ secretKey: "a key of cookie-session", sessionCookie: "session" });
    const { sessions, jar } = await login({ formats: [same] });
    const signature = same.write({}, 0, null).find(({ name }) => name === "session.sig");
    const context = sessions.open(`${jar.cookie}; session.sig=${signature?.value}`);
    destroy(context.session);
    expect(named((await context.commit()).setCookie)).toEqual(["session", "session.sig"]);
  });
});

describe("another framework's store is asked", () => {
  const opened = async (...cookies: string[]) => {
    const asked: (string | undefined)[] = [];
    const format: StoredFormat = {
      name: "stored",
      cookieNames: ["session", "other"],
      isGenuine: () => true,
      load: ({ get }) => {
        asked.push(get("session"));
        return { ok: true, data: { user: "theirs" }, keyIndex: 0 };
      },
    };
    const { sessions } = start({ formats: [format] });
    const context = await new Jar(cookies.join("; ")).open(sessions);
    return { user: context.session["user"], asked };
  };

  it("for its own cookie, also under the name of ours", async () => {
    expect(await opened("session=theirs")).toEqual({ user: "theirs", asked: ["theirs"] });
    expect(await opened("other=1")).toEqual({ user: "theirs", asked: [undefined] });
  });

  it("for no cookie of ours, also if two came", async () => {
    const [{ jar: ana }, { jar: eva }] = [await login(), await login()];
    expect(await opened(ana.cookie, "other=1")).toEqual({ user: "ana", asked: [] });
    expect(await opened(ana.cookie, eva.cookie, "other=1")).toEqual({ user: "ana", asked: [] });
  });
});

it.each([
  ["a list", { cart: [1] }],
  ["an object", { cart: { n: 1 } }],
  ["a list of objects", { cart: [{ n: 1 }] }],
])("a change inside %s is saved", async (_what, data) => {
  const { sessions } = start();
  const jar = new Jar();
  await jar.request(sessions, (session) => void Object.assign(session, structuredClone(data)));
  // Another process, which has not issued the cookie.
  const other = start().sessions;
  await jar.request(other, (session) => void Object.assign(session["cart"] as object, { 0: 2 }));
  expect(await jar.read(other)).toEqual({ cart: Object.assign(data.cart, { 0: 2 }) });
});

describe("with a schema", () => {
  const schema = {
    "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) },
  } as never;

  it("a nested change is saved", async () => {
    const { sessions } = start({ schema });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["cart"] = { n: 1 }));
    await jar.request(sessions, (session) => void ((session["cart"] as { n: number }).n = 2));
    expect(await jar.read(sessions)).toEqual({ cart: { n: 2 } });
  });

  it("reports that data was migrated", async () => {
    const { jar } = await login();
    const strict = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: { name?: string }) =>
          value.name === undefined ? { issues: [{ message: "no name" }] } : { value },
      },
    } as never;
    const migrate = ({ user }: Data) => ({ name: user as string });
    const { data, events, isSet } = await readWith(jar, { schema: strict, migrate });
    expect([data, isSet]).toEqual([{ name: "ana" }, true]);
    expect(events).toMatchObject([{ type: "migrated", reason: "schema" }]);
  });
});
