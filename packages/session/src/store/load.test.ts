import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { start } from "@galleta/test-support/jar";
import { login } from "@galleta/test-support/network";
import { serializeBody } from "../session/body.ts";
import { describe as describeSession, destroy } from "../session/functions.ts";
import { parseBody } from "../session/json.ts";
import { sessionStore } from "./custom.ts";
import { withEpoch } from "./load.ts";
import { memoryStore } from "./memory.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** Processes with one store on the network, whose reads are counted. */
function network(storage: "cookie" | "store" = "cookie") {
  const shared = memoryStore();
  const state = { isDown: false, isEmpty: false };
  let reads: (readonly string[])[] = [];
  const open = (onStoreError: "reject" | "allow" = "reject") =>
    start({
      storage,
      subject: "user",
      onStoreError,
      store: sessionStore({
        isLocal: false,
        async get(keys: readonly string[]) {
          reads.push(keys);
          if (state.isDown) throw new Error("down");
          return state.isEmpty ? keys.map(() => undefined) : shared.get(keys);
        },
        replace: async (write) => shared.replace(write),
      }),
    });
  /** Returns how many keys each question had since the last call. */
  const asked = () => {
    const counts = reads.map(({ length }) => length);
    reads = [];
    return counts;
  };
  return { open, asked, state };
}

describe.each(["cookie", "store"] as const)("a session with its data in the %s", (storage) => {
  it("is read with its user in one step, and then from memory for a second", async () => {
    const { open, asked } = network(storage);
    const jar = await login(open().sessions);
    const { sessions } = open();
    asked();
    expect(await jar.read(sessions)).toEqual({ user: "ada" });
    expect(asked()).toEqual([3]);
    await vi.advanceTimersByTimeAsync(999);
    expect(await jar.read(sessions)).toEqual({ user: "ada" });
    expect(asked()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await jar.read(sessions)).toEqual({ user: "ada" });
    expect(asked()).toEqual([3]);
  });

  it("is read again if its cookie is newer than what the process remembers", async () => {
    const { open, asked } = network(storage);
    const [here, elsewhere] = [open().sessions, open().sessions];
    const jar = await login(here);
    await jar.request(elsewhere, (session) => void (session["n"] = 1));
    asked();
    expect(await jar.read(here)).toEqual({ user: "ada", n: 1 });
    expect(asked()).toEqual([3]);
    expect(await jar.read(here)).toEqual({ user: "ada", n: 1 });
    expect(asked()).toEqual([]);
  });

  it("without a user asks about no user", async () => {
    const { open, asked } = network(storage);
    const jar = await login(open().sessions, null);
    const { sessions } = open();
    asked();
    await jar.request(sessions, (session) => expect(session).toEqual({ user: null }));
    expect(asked().every((count) => count === 2)).toBe(true);
  });

  it("is judged by the user that its newest data names", async () => {
    const { open, asked } = network(storage);
    const [here, elsewhere] = [open().sessions, open().sessions];
    const jar = await login(here);
    const old = jar.copy();
    await jar.request(elsewhere, (session) => void (session["user"] = "eva"));
    await vi.advanceTimersByTimeAsync(1000);
    asked();
    expect({ ...(await old.open(here)).session }).toEqual({ user: "eva" });
    expect(asked()).toEqual([3, 1]);
    await elsewhere.revokeAll("ada");
    await vi.advanceTimersByTimeAsync(1000);
    expect(await jar.read(here)).toEqual({ user: "eva" });
    await elsewhere.revokeAll("eva");
    await vi.advanceTimersByTimeAsync(1000);
    const context = await old.open(here);
    expect(describeSession(context.session).rejected).toBe("revoked");
  });

  it("is rejected after its end or its user's revocation in another process", async () => {
    for (const how of ["destroy", "revokeAll"]) {
      const { open } = network(storage);
      const [here, elsewhere] = [open().sessions, open().sessions];
      const jar = await login(here);
      const copy = jar.copy();
      if (how === "destroy") await jar.request(elsewhere, (session) => destroy(session));
      else await elsewhere.revokeAll("ada");
      await vi.advanceTimersByTimeAsync(1000);
      const context = await copy.open(here);
      expect([how, { ...context.session }]).toEqual([how, {}]);
      expect(describeSession(context.session).rejected).toBe("revoked");
    }
  });

  it("of a login right after a revocation is accepted by a process with an older answer", async () => {
    const { open } = network(storage);
    const [here, elsewhere] = [open().sessions, open().sessions];
    const old = await login(here);
    await old.read(here);
    await elsewhere.revokeAll("ada");
    const jar = await login(elsewhere);
    expect(await jar.read(here)).toEqual({ user: "ada" });
    expect(await old.read(here)).toEqual({});
  });

  it("survives a store that fails only if its data is in the cookie and the option allows it", async () => {
    for (const onStoreError of ["allow", "reject"] as const) {
      const { open, state } = network(storage);
      const jar = await login(open().sessions);
      const { sessions, types } = open(onStoreError);
      state.isDown = true;
      const read = jar.read(sessions);
      const isAllowed = onStoreError === "allow" && storage === "cookie";
      if (isAllowed) expect(await read).toEqual({ user: "ada" });
      else await expect(read).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
      expect(types()).toContain("store");
    }
  });

  it("that the store lost is over only if its data was there", async () => {
    const { open, state } = network(storage);
    const jar = await login(open().sessions);
    state.isEmpty = true;
    expect(await jar.read(open().sessions)).toEqual(storage === "cookie" ? { user: "ada" } : {});
  });
});

it("the count of revocations is part of a session's metadata, unless it is 0", () => {
  const meta = (json: string) => parseBody(json)?.meta;
  const plain = serializeBody({ n: 1 } as never, {});
  const counted = withEpoch(plain, 7);
  expect([meta(counted), parseBody(counted)?.data]).toEqual([{ epoch: 7 }, { n: 1 }]);
  expect(withEpoch(counted, 7)).toBe(counted);
  expect(meta(withEpoch(counted, 8))).toEqual({ epoch: 8 });
  expect(withEpoch(counted, 0)).toBe(plain);
  expect(withEpoch(plain, 0)).toBe(plain);
  const labelled = serializeBody({ n: 1 } as never, { label: "a" });
  expect(meta(withEpoch(labelled, 7))).toEqual({ label: "a", epoch: 7 });
  expect(withEpoch("no json", 7)).toBe("no json");
});
