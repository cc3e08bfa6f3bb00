import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { login, network } from "@galleta/test-support/network";
import { LATE } from "../session/end.ts";
import { destroy, renew } from "../session/functions.ts";
import { readEpoch } from "./epoch.ts";
import { userKey } from "./keys.ts";
import { memoryStore } from "./memory.ts";
import { revokeOthers } from "./revoke.ts";
import type { StoredValue } from "./store.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const ENDED = { code: "ERR_SESSION_ENDED" };
const ADA = userKey("ada");

/** Returns how often the sessions of ada were revoked, as the store has it. */
const epochIn = ({ shared }: ReturnType<typeof network>) =>
  readEpoch((shared.get([ADA]) as (StoredValue | undefined)[])[0]);

describe("revokeOthers", () => {
  it("throws without a store, without a subject, and without a user", async () => {
    const required = { code: "ERR_SESSION_STORE_REQUIRED" };
    for (const options of [{}, { store: memoryStore() }]) {
      const { sessions } = start(options);
      await (
        await login(sessions)
      ).request(sessions, async (session) => {
        await expect(revokeOthers(session)).rejects.toMatchObject(required);
      });
    }
    const { sessions } = start({ store: memoryStore(), subject: "user" });
    await new Jar().request(sessions, async (session) => {
      await expect(revokeOthers(session)).rejects.toMatchObject(ENDED);
    });
  });

  it.each(["in a new session", "in the session of another user", "in an old session"])(
    "keeps the session of a user who logs in %s in the same request",
    async (where) => {
      const { sessions } = network().open();
      const old = await login(sessions);
      const jar = where === "in a new session" ? new Jar() : await login(sessions, "eva");
      const isOld = where === "in an old session";
      if (isOld) await jar.request(sessions, (session) => void (session["user"] = "ada"));
      if (isOld) await sessions.revokeAll("eva");
      await jar.request(sessions, async (session) => {
        renew(session);
        session["user"] = "ada";
        await revokeOthers(session);
      });
      await vi.advanceTimersByTimeAsync(1000);
      expect(await jar.read(sessions)).toEqual({ user: "ada" });
      expect(await old.read(sessions)).toEqual({});
    },
  );

  it("throws in a session that another process ended, also after renew", async () => {
    for (const change of [() => undefined, renew]) {
      const net = network();
      const { open } = net;
      const [here, elsewhere] = [open().sessions, open().sessions];
      const jar = await login(here);
      await jar.request(here, async (session) => {
        await jar.copy().request(elsewhere, (other) => destroy(other));
        change(session);
        await expect(revokeOthers(session)).rejects.toMatchObject(ENDED);
      });
      expect(epochIn(net).count).toBe(0);
    }
  });

  it("keeps the session of a socket under its new id", async () => {
    const { open } = network();
    const { sessions } = open();
    const jar = await login(sessions);
    const other = await login(sessions);
    const socket = await jar.socket(sessions);
    await jar.request(sessions, (session) => renew(session));
    await revokeOthers(socket.session);
    await vi.advanceTimersByTimeAsync(1000);
    expect(socket.closed).toBeUndefined();
    expect(await jar.read(sessions)).toEqual({ user: "ada" });
    expect(await other.read(sessions)).toEqual({});
    await jar.request(sessions, (session) => destroy(session));
    await expect(revokeOthers(socket.session)).rejects.toMatchObject(ENDED);
  });
});

describe("revokeAll", () => {
  it("is kept in the store as long as any cookie may live", async () => {
    const { open, writes } = network();
    await open().sessions.revokeAll("ada");
    expect(writes).toEqual([
      expect.objectContaining({ key: ADA, base: 0, seconds: 34_560_000 + LATE }),
    ]);
  });

  it("counts up from the count of a process that was faster", async () => {
    const net = network();
    const { open, state, shared } = net;
    let isFirst = true;
    state.replace = async (write) => {
      if (isFirst && write.key === ADA) void shared.replace({ ...write, rev: 65_536 * 9 });
      isFirst = false;
      return shared.replace(write);
    };
    await open().sessions.revokeAll("ada");
    expect(epochIn(net).count).toBe(65_536 * 9 + 1);
  });

  it("gives up after a hundred other processes were faster", async () => {
    const { open, state, writes } = network();
    state.replace = async ({ base }) => ({ rev: base + 1, value: "" });
    const { sessions } = open();
    await expect(sessions.revokeAll("ada")).rejects.toMatchObject({
      code: "ERR_SESSION_STORE",
      status: 503,
    });
    expect(writes).toHaveLength(100);
    sessions.stop();
  });

  it("ends the sessions here if the store fails, and elsewhere once it is back", async () => {
    const net = network();
    const { open, state, shared } = net;
    const [here, elsewhere] = [open().sessions, open().sessions];
    const jar = await login(here);
    const socket = await jar.socket(here);
    state.replace = () => Promise.reject(new Error("down"));
    await expect(here.revokeAll("ada")).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
    state.replace = async (write) => shared.replace(write);
    await vi.advanceTimersByTimeAsync(1000);
    expect(epochIn(net).count).toBeGreaterThan(0);
    expect(await jar.copy().read(elsewhere)).toEqual({});
  });

  it("ends the sessions even if their list cannot be read", async () => {
    const { open, state, shared } = network();
    const { sessions } = open();
    const jar = await login(sessions);
    state.get = async (keys) => {
      if (keys.some((key) => key.startsWith("l:"))) throw new Error("down");
      return shared.get(keys);
    };
    await sessions.revokeAll("ada");
    expect(await jar.read(sessions)).toEqual({});
  });
});
