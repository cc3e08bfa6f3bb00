import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { keyValueStore } from "@galleta/test-support/key-value-store";
import { describe as describeSession, destroy } from "../session/functions.ts";
import { memoryStore } from "./memory.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.100Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(["cookie", "store"] as const)("a session that is used too early (%s)", (storage) => {
  it("is not read before the store has answered that it was not ended", async () => {
    const store = keyValueStore();
    const [one, two] = [start({ store, storage }), start({ store, storage })];
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["user"] = "ada"));
    const copy = jar.copy();
    await jar.request(one.sessions, (session) => destroy(session));
    const context = two.sessions.open(copy.cookie);
    const loading = context.load();
    expect(() => context.session).toThrow(expect.objectContaining({ code: "ERR_SESSION_SETUP" }));
    expect(context.load()).toBeInstanceOf(Promise);
    await loading;
    expect({ ...context.session }).toEqual({});
    expect(describeSession(context.session).rejected).toBe("revoked");
  });
});

it("a change in a store of this process counts even after the session was loaded", async () => {
  const store = memoryStore();
  const [one, two] = [start({ store }), start({ store })];
  const jar = new Jar();
  await jar.request(one.sessions, (session) => (session["user"] = "ada"));
  const context = await jar.open(one.sessions);
  await jar.copy().request(two.sessions, (session) => destroy(session));
  expect({ ...context.session }).toEqual({});
  expect(describeSession(context.session).rejected).toBe("revoked");
});

it("a session is over if the store dropped its data since the lookup", async () => {
  const store = memoryStore({ max: 1 });
  const { sessions, events } = start({ store, storage: "store" });
  const jar = new Jar();
  await jar.request(sessions, (session) => (session["n"] = 1));
  const context = sessions.open(jar.cookie);
  expect(context.load()).toBeUndefined();
  for (let i = 0; i < 3; i += 1) await new Jar().request(sessions, (session) => (session["n"] = 2));
  expect(describeSession(context.session).rejected).toBe("revoked");
  expect(events.at(-1)).toMatchObject({ type: "revoked" });
  expect((await context.commit()).setCookie).toEqual([]);
});
