import { describe, expect, it } from "vitest";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import { starlette } from "../formats/starlette.ts";
import { memoryStore } from "../store/memory.ts";
import { describe as describeSession } from "./functions.ts";
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
