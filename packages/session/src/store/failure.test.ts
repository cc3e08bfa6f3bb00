import { describe, expect, it } from "vitest";
import { eventually } from "@galleta/test-support/cli";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import type { Sessions } from "../engine.ts";
import { destroy, renew } from "../session/functions.ts";
import { memoryStore } from "./memory.ts";
import type { SessionStore } from "./store.ts";

/** A store behind a network that can fail or hang. */
class Remote implements SessionStore {
  readonly isLocal = false;
  readonly #store = memoryStore();
  mode: "well" | "fails" | "hangs" = "well";
  calls = 0;

  async #through<Answer>(answer: () => Answer | Promise<Answer>): Promise<Answer> {
    this.calls += 1;
    if (this.mode === "fails") throw new Error("connection lost to secret-host:6379");
    if (this.mode === "hangs") return new Promise(() => undefined);
    return answer();
  }

  get = (keys: readonly string[]) => this.#through(() => this.#store.get(keys));
  replace = (write: Parameters<SessionStore["replace"]>[0]) =>
    this.#through(() => this.#store.replace(write));
}

const options = { storeTimeout: 0.05, subject: "userId" } as const;

async function loggedIn(onStoreError: "reject" | "allow") {
  const store = new Remote();
  const one = start({ ...options, store, onStoreError });
  const jar = new Jar();
  await jar.request(one.sessions, (session) => (session["userId"] = "ada"));
  // A process without any answer must ask.
  const fresh = start({ ...options, store, onStoreError });
  return { store, jar, one, fresh };
}

const revokesAgain = (sessions: Sessions<Data>) =>
  sessions.revokeAll("nobody").then(
    () => true,
    () => false,
  );

describe.each(["fails", "hangs"] as const)("a store that %s", (mode) => {
  it("answers 503 to requests that use their session, and does not affect others", async () => {
    const { store, jar, fresh } = await loggedIn("reject");
    store.mode = mode;
    const context = await jar.open(fresh.sessions);
    expect(() => context.session["userId"]).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_STORE", status: 503 }),
    );
    expect(await context.commit()).toEqual({ accessed: false, setCookie: [] });
    expect(fresh.events.find(({ type }) => type === "store")).toMatchObject({
      reason: mode === "fails" ? "failed" : "timeout",
    });
    expect(JSON.stringify(fresh.events)).not.toContain("secret-host");
    expect(await new Jar().read(fresh.sessions)).toEqual({});
  });

  it("lets requests continue with the cookie if the option allows it", async () => {
    const { store, jar, fresh } = await loggedIn("allow");
    store.mode = mode;
    expect(await jar.read(fresh.sessions)).toEqual({ userId: "ada" });
    await jar.request(fresh.sessions, (session) => (session["n"] = 1));
    expect(await jar.read(fresh.sessions)).toEqual({ userId: "ada", n: 1 });
    expect(fresh.types()).toContain("store");
  });

  it("learns of a logout when it is back, and the logout holds here meanwhile", async () => {
    for (const onStoreError of ["reject", "allow"] as const) {
      const { store, jar, one, fresh } = await loggedIn(onStoreError);
      const copy = jar.copy();
      await jar.read(one.sessions);
      const context = await jar.open(one.sessions);
      destroy(context.session);
      store.mode = mode;
      const outcome = await Promise.allSettled([jar.finish(context)]);
      expect(outcome[0].status).toBe(onStoreError === "reject" ? "rejected" : "fulfilled");
      const still = await copy.open(one.sessions);
      expect(still.session).toEqual({});
      store.mode = "well";
      // The next question to the store also writes the revocation.
      await eventually(() => revokesAgain(one.sessions));
      expect(await copy.read(fresh.sessions)).toEqual({});
    }
  });

  it("deletes the browser's cookie of a logout with its 503", async () => {
    const { store, jar, one, fresh } = await loggedIn("reject");
    const copy = jar.copy();
    // One process read the session before the failure, the other did not.
    for (const made of [one, fresh]) {
      const { sessions } = made;
      jar.cookie = copy.cookie;
      store.mode = "well";
      const context = made === one ? await jar.open(sessions) : undefined;
      store.mode = mode;
      const logout = context ?? (await jar.open(sessions));
      destroy(logout.session);
      await expect(jar.finish(logout)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
      await jar.finish(logout);
      expect(jar.cookie).toBe("");
    }
  });

  it("still ends the id of before a login when requests continue without the store", async () => {
    const { store, jar, one, fresh } = await loggedIn("allow");
    const before = jar.copy();
    const context = await jar.open(one.sessions);
    renew(context.session);
    store.mode = mode;
    await jar.finish(context);
    expect(await before.copy().read(one.sessions)).toEqual({});
    store.mode = "well";
    await eventually(() => revokesAgain(one.sessions));
    expect(await before.read(fresh.sessions)).toEqual({});
    expect(await jar.read(fresh.sessions)).toEqual({ userId: "ada" });
  });

  it("does not make requests wait for it one by one", async () => {
    const { store, jar, fresh } = await loggedIn("reject");
    store.mode = mode;
    const before = store.calls;
    const contexts = await Promise.all(Array.from({ length: 50 }, () => jar.open(fresh.sessions)));
    for (const { session } of contexts) expect(() => session["userId"]).toThrow(/store/);
    expect(store.calls - before).toBe(1);
  });
});

it("is not asked while nothing happens, and once by a process that starts", async () => {
  const { store, jar, fresh } = await loggedIn("reject");
  const before = store.calls;
  for (let i = 0; i < 20; i += 1) expect(await jar.read(fresh.sessions)).toEqual({ userId: "ada" });
  expect(store.calls - before).toBe(1);
});

it("a session whose load was not awaited says so", async () => {
  const { jar, fresh } = await loggedIn("reject");
  expect(() => fresh.sessions.open(jar.cookie).session).toThrow(/context\.load\(\)/);
});
