import { describe, expect, it, vi } from "vitest";
import { Jar, type Data } from "@galleta/test-support/jar";
import { KEY } from "@galleta/test-support/sessions";
import { Sessions } from "./engine.ts";
import { clusterBackplane } from "./live/cluster.ts";
import { sessionBackplane } from "./live/session-backplane.ts";
import { destroy, renew } from "./session/functions.ts";
import { createSessions } from "./sessions.ts";
import { sessionStore } from "./store/custom.ts";
import { memoryStore } from "./store/memory.ts";

const secretKey = KEY;
const keyv = { get: () => undefined, set: () => undefined, delete: () => true };
const wire = { publish: () => undefined, subscribe: () => undefined, close: () => undefined };

it("Sessions without a store and without sockets begin, change, renew and end a session", async () => {
  const types: string[] = [];
  const sessions = new Sessions<Data>({ secretKey, onEvent: ({ type }) => types.push(type) });
  const jar = new Jar();
  await jar.request(sessions, (session) => (session["a"] = 1));
  await jar.request(sessions, (session) => (session["a"] = 2));
  await jar.request(sessions, (session) => renew(session));
  const renewed = jar.copy();
  expect(await jar.read(sessions)).toEqual({ a: 2 });
  await jar.request(sessions, (session) => destroy(session));
  expect([jar.cookie, await renewed.read(sessions)]).toEqual(["", {}]);
  expect(types).toEqual(["created", "renewed", "destroyed", "revoked"]);
});

describe("createSessions", () => {
  it("accepts stores and backplanes as factories and as plain objects", () => {
    for (const store of [keyv, sessionStore(keyv), memoryStore()]) {
      expect(createSessions({ secretKey, store }).loads).toBe(true);
    }
    for (const backplane of [{ ...wire }, clusterBackplane()]) {
      expect(createSessions({ secretKey, backplane }).exchangePath).toBe("/.galleta/session");
    }
  });

  it("does not change a backplane, which may be a module or frozen", async () => {
    const said: string[] = [];
    class Wire {
      readonly #said = said;
      publish(message: string) {
        this.#said.push(message);
      }
      subscribe() {}
      close() {}
    }
    const backplane = Object.freeze(new Wire());
    const sessions = createSessions<Data>({ secretKey, backplane });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["a"] = 1));
    await jar.request(sessions, (session) => (session["a"] = 2));
    expect(said).toHaveLength(1);
    expect(Object.getOwnPropertySymbols(backplane)).toEqual([]);
  });

  it("calls methods that the app replaced on a backplane", () => {
    const close = vi.fn();
    const backplane = { ...sessionBackplane(wire), close };
    const sessions = createSessions({ secretKey, backplane });
    sessions.start();
    sessions.stop();
    expect(close).toHaveBeenCalledOnce();
  });

  it("makes live sessions, unless there is nothing to exchange", () => {
    expect(createSessions({ secretKey }).exchangePath).toBe("/.galleta/session");
    expect(createSessions({ secretKey, exchangePath: "/x" }).exchangePath).toBe("/x");
    expect(createSessions({ secretKey, store: memoryStore() }).exchangePath).toBeUndefined();
  });

  it.each([undefined, null, "text", []])("throws for %j as options", (options) => {
    expect(() => createSessions(options as never)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });
});

describe("sessions of options alone", () => {
  it.each([
    ["store", { store: keyv }, "sessionStore"],
    ["store", { store: null }, "sessionStore"],
    ["store", { store: "redis" }, "sessionStore"],
    ["backplane", { backplane: wire }, "sessionBackplane"],
  ])("name the factory for a bare %s", (name, options, factory) => {
    expect(() => new Sessions({ secretKey, ...(options as object) })).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(new RegExp(`^${name} .*${factory}`)),
      }),
    );
  });

  it.each([
    ["onStoreError", { onStoreError: "ignore" }],
    ["storeTimeout", { storeTimeout: -1 }],
    ["storage", { storage: "memory" }],
    ["storage", { storage: "store" }],
    ["subject", { subject: "userId" }],
    ["exchangePath", { exchangePath: "no path" }],
  ])("check %s even if nothing uses it", (name, options) => {
    expect(() => new Sessions({ secretKey, ...(options as object) })).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(new RegExp(`^${name} `)),
      }),
    );
  });

  it("have no exchange", async () => {
    const sessions = new Sessions({ secretKey });
    expect(sessions.exchangePath).toBeUndefined();
    const facts = {
      method: "POST",
      target: "/.galleta/session",
      header: () => undefined,
      encrypted: false,
      remoteAddress: undefined,
    };
    await expect(sessions.exchange(facts, "", "ticket")).rejects.toThrow(/make no tickets/);
  });

  it("have an exchange as soon as something makes them live", () => {
    const sessions = new Sessions({ secretKey, backplane: clusterBackplane() });
    expect(sessions.exchangePath).toBe("/.galleta/session");
  });
});
