import { describe, expect, it } from "vitest";
import { sessionStore } from "./custom.ts";
import { isKeyValueStore, isLooking, isSessionStore } from "./store.ts";

const method = () => undefined;

describe("sessionStore", () => {
  it("takes an object with Keyv's methods, or a store that compares before it writes", () => {
    expect(sessionStore({ get: method, set: method, delete: method }).isLocal).toBe(false);
    const own = { get: () => [], replace: method };
    expect(sessionStore({ ...own, isLocal: true }).isLocal).toBe(true);
    expect(sessionStore({ ...own, isLocal: false }).isLocal).toBe(false);
  });

  it.each([
    undefined,
    null,
    "redis",
    {},
    { get: method, set: method },
    { get: method, delete: method },
    { set: method, delete: method },
    { get: method, replace: true },
    { get: method, set: method, delete: 1 },
  ])("throws for %j", (store) => {
    expect(() => sessionStore(store as never)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining("get, set and delete") as string,
      }),
    );
  });

  it("names the way to read the sessions of another library's store", () => {
    const theirs = { get: method, set: method, destroy: method };
    expect(() => sessionStore(theirs as never)).toThrow(/expressSession/);
    for (const name of Object.keys(theirs)) {
      const other = { ...theirs, [name]: undefined };
      expect(() => sessionStore(other as never)).toThrow(/get, set and delete/);
    }
  });
});

it("a kind of store is known by its methods", () => {
  const all = { get: method, set: method, delete: method, replace: method };
  expect([isSessionStore(all), isKeyValueStore(all)]).toEqual([true, true]);
  expect(isLooking({ ...all, look: method, lookUser: method } as never)).toBe(true);
  expect(isLooking({ ...all, look: method } as never)).toBe(false);
  expect(isLooking(all as never)).toBe(false);
});
