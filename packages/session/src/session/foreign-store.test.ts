import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { KEY } from "@galleta/test-support/sessions";
import { cookieSession } from "../formats/cookie-session.ts";
import { memoryStore } from "../store/memory.ts";
import { describe as describeSession, destroy } from "./functions.ts";

const format = cookieSession({ secretKey: KEY, sessionCookie: "old" });
/** A cookie that says neither when it was written nor when it expires. */
const cookie = format
  .write({ user: "ana" }, 0, null)
  .map(({ name, value }) => `${name}=${value}`)
  .join("; ");
const START = new Date("2026-01-01T00:00:00Z").getTime();
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A memory store whose values can be changed, and which can fail. */
function breakable() {
  const store = memoryStore();
  const { get, replace } = store;
  const state = { fails: "nothing" as "nothing" | "get" | "replace", value: "" };
  const broken = () => {
    throw new Error("connection lost");
  };
  return Object.assign(state, {
    store: {
      isLocal: false,
      get: (keys: readonly string[]) => {
        if (state.fails === "get") broken();
        const found = get.call(store, keys) as Exclude<ReturnType<typeof get>, Promise<unknown>>;
        if (state.value === "") return found;
        return found.map((each) => each && { ...each, value: state.value });
      },
      replace: (write: Parameters<typeof replace>[0]) =>
        state.fails === "replace" ? broken() : replace.call(store, write),
    },
  });
}

/** A process that shares the store. */
function server(store: ReturnType<typeof breakable>["store"], more: object = {}) {
  const started = start({ store, formats: [format], absoluteMaxAge: 600, ...more });
  const open = async () => {
    const context = await new Jar(cookie).open(started.sessions);
    return { ...describeSession(context.session), data: { ...context.session } };
  };
  const move = async () => {
    const jar = new Jar(cookie);
    await jar.read(started.sessions);
    return jar;
  };
  return { ...started, open, move };
}

describe("a cookie of another framework", () => {
  it("has in every process the time when it first came to one, and ends with it", async () => {
    const { store } = breakable();
    await server(store).move();
    pass(599);
    const other = server(store);
    const { data, createdAt } = await other.open();
    expect([data, createdAt]).toEqual([{ user: "ana" }, new Date(START)]);
    pass(1);
    expect(await server(store).open()).toMatchObject({ data: {}, rejected: "expired" });
    expect(await other.open()).toMatchObject({ data: {}, rejected: "expired" });
  });

  it("keeps the earliest time if clocks differ", async () => {
    const { store } = breakable();
    await server(store).move();
    pass(-60);
    expect((await server(store).open()).createdAt).toEqual(new Date(START - 60_000));
  });

  it("counts as new if the store cannot say when it came", async () => {
    const remote = breakable();
    await server(remote.store).move();
    pass(100);
    for (const value of ['{"born":"1"}', '{"born":12345678901}', ' {"born":1}', "[1]"]) {
      remote.value = value;
      expect((await server(remote.store).open()).createdAt).toEqual(new Date(START + 100_000));
    }
  });

  it("is rejected where another process ended it, also without the store", async () => {
    const remote = breakable();
    const one = server(remote.store, { onStoreError: "allow" });
    const jar = await one.move();
    const two = server(remote.store, { onStoreError: "allow" });
    await jar.request(one.sessions, (session) => destroy(session));
    expect(await two.open()).toMatchObject({ data: {}, rejected: "revoked" });
    remote.fails = "get";
    expect(await two.open()).toMatchObject({ data: {}, rejected: "revoked" });
    expect(await server(remote.store, { onStoreError: "allow" }).open()).toMatchObject({
      data: { user: "ana" },
    });
  });

  it("is used while the store fails only with onStoreError: allow", async () => {
    const remote = breakable();
    remote.fails = "get";
    const lenient = server(remote.store, { onStoreError: "allow", subject: "user" });
    expect((await lenient.open()).data).toEqual({ user: "ana" });
    expect(lenient.types()).toContain("store");
    const strict = server(remote.store, { subject: "user" });
    await expect(strict.open()).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
  });

  it("moves to our cookie even if the store cannot remember it, with an event", async () => {
    const remote = breakable();
    remote.fails = "replace";
    const { types, move } = server(remote.store, { onStoreError: "allow" });
    const jar = await move();
    expect(jar.cookie).toMatch(/(?:^|; )session=/);
    expect(types().filter((type) => type === "store").length).toBeGreaterThan(0);
  });
});
