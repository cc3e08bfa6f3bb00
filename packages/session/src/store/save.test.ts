import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { start } from "@galleta/test-support/jar";
import { login, network } from "@galleta/test-support/network";
import { destroy, renew } from "../session/functions.ts";
import { sessionKey } from "./keys.ts";
import { memoryStore } from "./memory.ts";
import { revokeOthers } from "./revoke.ts";
import type { Write } from "./store.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const FAILED = { code: "ERR_SESSION_STORE" };

const ofSession = (writes: readonly Write[]) => writes.filter(({ key }) => key.startsWith("s:"));

describe("a commit with a store", () => {
  it("writes a change once, on the revision that it read", async () => {
    const { open, writes } = network();
    const { sessions } = open();
    const jar = await login(sessions);
    expect(ofSession(writes.splice(0))).toMatchObject([{ base: 0, rev: 1 }]);
    await jar.request(sessions, (session) => void (session["n"] = 1));
    expect(ofSession(writes.splice(0))).toMatchObject([{ base: 1, rev: 2 }]);
    const { sid } = (await jar.open(sessions)).state;
    await jar.request(sessions, (session) => renew(session));
    const [fresh, ...old] = ofSession(writes);
    expect(fresh).toMatchObject({ base: 0, rev: 3 });
    expect(new Set(old.map(({ key }) => key))).toEqual(new Set([sessionKey(sid)]));
  });

  it("gives up after a hundred other changes came first", async () => {
    const { open, state, writes } = network();
    const { sessions } = open();
    const jar = await login(sessions);
    writes.length = 0;
    state.replace = async ({ key, base }) =>
      key.startsWith("s:")
        ? { rev: base + 1, value: `mark {"user":"ada","n":${base}}` }
        : undefined;
    const change = jar.request(sessions, (session) => void (session["m"] = 1));
    await expect(change).rejects.toMatchObject({ ...FAILED, status: 503 });
    expect(ofSession(writes)).toHaveLength(100);
  });

  it("sets no cookie for a session that another process ended during the request", async () => {
    for (const change of ["nothing", "data", "renew"]) {
      const store = memoryStore();
      const options = { store, subject: "user", storage: "store" } as const;
      const [here, elsewhere] = [start(options), start(options)];
      const jar = await login(here.sessions);
      const context = await jar.open(here.sessions);
      if (change === "renew") renew(context.session);
      if (change === "data") context.session["n"] = 1;
      void context.session["user"];
      await jar.copy().request(elsewhere.sessions, (session) => destroy(session));
      const { setCookie } = await context.commit();
      expect([change, setCookie]).toEqual([change, []]);
      if (change !== "nothing") expect(here.types()).toContain("revoked");
    }
  });

  it("does not renew a session whose user was revoked during the request", async () => {
    const { open } = network();
    const [here, elsewhere] = [open().sessions, open().sessions];
    const jar = await login(here);
    const context = await jar.open(here);
    void context.session["user"];
    await elsewhere.revokeAll("ada");
    renew(context.session);
    expect((await context.commit()).setCookie).toEqual([]);
  });

  it("renews the session that revokeOthers kept, also if another process revokes the rest", async () => {
    const { open } = network();
    const { sessions } = open();
    const jar = await login(sessions);
    await jar.request(sessions, async (session) => {
      renew(session);
      await revokeOthers(session);
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await jar.read(sessions)).toEqual({ user: "ada" });
    await sessions.revokeAll("ada");
    await vi.advanceTimersByTimeAsync(1000);
    expect(await jar.read(sessions)).toEqual({});
  });

  it("carries the user's count of revocations while a user is logged in", async () => {
    const { open } = network();
    const { sessions } = open();
    await sessions.revokeAll("ada");
    const jar = await login(sessions);
    const epoch = async () => (await jar.open(sessions)).state.meta["epoch"];
    const count = Number(await epoch());
    expect(count).toBeGreaterThan(0);
    await jar.request(sessions, (session) => void (session["n"] = 1));
    expect(await epoch()).toBe(count);
    await jar.request(sessions, (session) => delete session["user"]);
    expect(await epoch()).toBeUndefined();
    await sessions.revokeAll("ada");
    await jar.request(sessions, (session) => void (session["user"] = "ada"));
    expect(await epoch()).toBe(count + 1);
    await jar.request(sessions, (session) => void (session["user"] = "eva"));
    expect(await epoch()).toBeUndefined();
  });
});

describe("a store that fails during a commit", () => {
  it.each([
    ["cookie", "allow", true],
    ["cookie", "reject", false],
    ["store", "allow", false],
    ["store", "reject", false],
  ] as const)(
    "with the data in the %s and %s: is it saved? %s",
    async (storage, onStoreError, saved) => {
      for (const change of ["data", "renew"]) {
        const { open, shared, state } = network();
        const { sessions, types } = open({ storage, onStoreError });
        const jar = await login(sessions);
        const copy = jar.copy();
        state.replace = () => Promise.reject(new Error("down"));
        const request = jar.request(sessions, (session) => {
          if (change === "renew") renew(session);
          session["n"] = 1;
        });
        if (saved) await request;
        else await expect(request).rejects.toMatchObject(FAILED);
        expect(types()).toContain("store");
        state.replace = async (write) => shared.replace(write);
        if (saved) expect(await jar.read(sessions)).toEqual({ user: "ada", n: 1 });
        if (saved && change === "renew") expect(await copy.read(sessions)).toEqual({});
        sessions.stop();
      }
    },
  );

  it("while the old id of a renewal is ended, ends it later only if the option allows it", async () => {
    for (const onStoreError of ["allow", "reject"] as const) {
      const { open, shared, state } = network();
      const { sessions } = open({ onStoreError });
      const jar = await login(sessions);
      const copy = jar.copy();
      const { sid } = (await jar.open(sessions)).state;
      state.replace = async (write) => {
        if (write.key.endsWith(sid)) throw new Error("down");
        return shared.replace(write);
      };
      const renewal = jar.request(sessions, (session) => renew(session));
      if (onStoreError === "allow") await renewal;
      else await expect(renewal).rejects.toMatchObject(FAILED);
      state.replace = async (write) => shared.replace(write);
      await vi.advanceTimersByTimeAsync(1000);
      const isEnded = onStoreError === "allow";
      expect(await copy.read(open().sessions)).toEqual(isEnded ? {} : { user: "ada" });
      sessions.stop();
    }
  });
});
