import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket, Jar, start, type Data } from "@galleta/test-support/jar";
import { destroy, renew } from "../session/functions.ts";
import { memoryStore } from "../store/memory.ts";
import { attachSocket } from "./live.ts";
import { update } from "./update.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ["without a store", () => ({})],
  ["with a store", () => ({ store: memoryStore() })],
  ["with the data in a store", () => ({ store: memoryStore(), storage: "store" as const })],
])("sockets %s", (_name, options) => {
  it("see changes of a response, and get an event", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(sessions);
    expect(socket.session).toEqual({ n: 1 });
    await jar.request(sessions, (session) => (session["n"] = 2));
    expect(socket.session).toEqual({ n: 2 });
    expect(socket.changes).toBe(1);
  });

  it("stay open when the session is renewed", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(sessions);
    await jar.request(sessions, (session) => {
      renew(session);
      session["n"] = 2;
    });
    expect(socket.session).toEqual({ n: 2 });
    await jar.request(sessions, (session) => destroy(session));
    expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
  });

  it("are closed when the session ends, and can no longer be written to", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(sessions);
    await jar.request(sessions, (session) => destroy(session));
    expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
    await expect(update(socket.session, () => undefined)).rejects.toMatchObject({
      code: "ERR_SESSION_ENDED",
    });
  });

  it("are closed in the second in which the session expires", async () => {
    const { sessions } = start({ ...options(), maxAge: 5 });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(sessions);
    await vi.advanceTimersByTimeAsync(4_400);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(socket.closed).toEqual({ code: 1008, reason: "session expired" });
  });

  it("stay open while requests prolong the session, until its absolute end", async () => {
    const { sessions } = start({ ...options(), maxAge: 5, absoluteMaxAge: 12 });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(sessions);
    for (let i = 0; i < 3; i += 1) {
      await vi.advanceTimersByTimeAsync(3_000);
      await jar.read(sessions);
    }
    await vi.advanceTimersByTimeAsync(2_400);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(socket.closed).toEqual({ code: 1008, reason: "session expired" });
  });

  it("are forgotten after they closed", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(sessions);
    socket.handle?.detach();
    socket.handle?.detach();
    await jar.request(sessions, (session) => (session["n"] = 2));
    expect([socket.session, socket.changes]).toEqual([{ n: 1 }, 0]);
  });

  it("get a session that begins in the handshake", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    const context = await jar.open(sessions);
    context.session["n"] = 1;
    await jar.finish(context);
    context.handshakeSent();
    const socket = new FakeSocket(context, {});
    await jar.request(sessions, (session) => (session["n"] = 2));
    expect([socket.session, socket.changes]).toEqual([{ n: 2 }, 1]);
    await jar.request(sessions, (session) => destroy(session));
    expect(socket.closed?.reason).toBe("session ended");
  });

  it("without a session stay independent", async () => {
    const { sessions } = start(options());
    const socket = await new Jar().socket(sessions);
    expect(socket.handle).toBeUndefined();
    await expect(update(socket.session, () => undefined)).rejects.toMatchObject({
      code: "ERR_SESSION_HANDSHAKE_SENT",
      message: expect.stringMatching(/without a session/),
    });
  });

  it("are closed if the session ends during the handshake", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const thief = jar.copy();
    const context = await thief.open(sessions);
    void context.session;
    await thief.finish(context);
    await jar.request(sessions, (session) => destroy(session));
    context.handshakeSent();
    let reason = "";
    attachSocket(context, { close: (_code, why) => (reason = why) });
    expect(reason).toBe("session ended");
  });
});

describe("update with a store", () => {
  it.each(["cookie", "store"] as const)(
    "takes effect immediately, data in the %s",
    async (storage) => {
      const { sessions } = start({ store: memoryStore(), storage });
      const jar = new Jar();
      await jar.request(sessions, (session) => (session["a"] = 1));
      const one = await jar.socket(sessions);
      const other = await jar.socket(sessions);
      await update(one.session, (draft) => (draft["b"] = 2));
      expect([one.session, one.changes]).toEqual([{ a: 1, b: 2 }, 0]);
      expect([other.session, other.changes]).toEqual([{ a: 1, b: 2 }, 1]);
      expect(await jar.copy().read(sessions)).toEqual({ a: 1, b: 2 });
      await jar.request(sessions, (session) => (session["c"] = 3));
      expect(await jar.read(sessions)).toEqual({ a: 1, b: 2, c: 3 });
      expect(one.session).toEqual({ a: 1, b: 2, c: 3 });
    },
  );

  it("keeps all of many simultaneous changes", async () => {
    const { sessions } = start({ store: memoryStore() });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 0));
    const sockets = await Promise.all(Array.from({ length: 5 }, () => jar.socket(sessions)));
    const changes = Array.from({ length: 50 }, (_, i) =>
      update(sockets[i % 5]!.session, (draft) => (draft["n"] = Number(draft["n"]) + 1)),
    );
    await Promise.all(changes);
    expect(await jar.read(sessions)).toEqual({ n: 50 });
  });

  it("throws the error that a later request would throw", async () => {
    const { sessions } = start({ store: memoryStore() });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 0));
    const { session } = await jar.socket(sessions);
    await expect(update(session, (draft) => (draft["n"] = 1n))).rejects.toMatchObject({
      code: "ERR_SESSION_NOT_JSON",
    });
    await expect(update(session, (draft) => (draft["n"] = "x".repeat(5000)))).rejects.toMatchObject(
      { code: "ERR_SESSION_TOO_LARGE" },
    );
    expect(await jar.read(sessions)).toEqual({ n: 0 });
  });

  it("may fail without await, and an event has the reason", async () => {
    const store = memoryStore();
    const { sessions, events } = start({ store });
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 0));
    const { session } = await jar.socket(sessions);
    const slip = (change: (draft: Data) => unknown) => {
      // oxlint-disable-next-line typescript/no-floating-promises -- what is tested
      update(session, change);
    };
    slip((draft) => (draft["n"] = 1n));
    slip(() => {
      throw new TypeError("data of a session");
    });
    await jar.request(sessions, (open) => destroy(open));
    slip((draft) => (draft["n"] = 1));
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    const dropped = events.filter(({ type }) => type === "dropped");
    expect(dropped.map(({ reason }) => reason).toSorted()).toEqual([
      "ERR_SESSION_ENDED",
      "ERR_SESSION_NOT_JSON",
      "change",
    ]);
    expect(JSON.stringify(dropped)).not.toContain("data of a session");
  });

  it("throws for an asynchronous function, whose change would be lost", async () => {
    const { sessions } = start({ store: memoryStore() });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 0));
    const { session } = await jar.socket(sessions);
    const slow = async (draft: Data) => {
      draft["n"] = 1;
      delete draft["list"];
      await Promise.resolve();
      draft["late"] = true;
    };
    const refused = { code: "ERR_SESSION_ASYNC_CHANGE" };
    // @ts-expect-error -- the types do not accept it either
    await expect(update(session, slow)).rejects.toMatchObject(refused);
    await jar.request(sessions, async (open) => {
      open["list"] = [1];
      // @ts-expect-error -- the types do not accept it either
      await expect(update(open, slow)).rejects.toMatchObject(refused);
      expect(open).toEqual({ n: 0, list: [1] });
    });
    expect(await jar.read(sessions)).toEqual({ n: 0, list: [1] });
  });

  it("keeps the objects that it does not touch, in a request", async () => {
    const { sessions } = start();
    await new Jar().request(sessions, async (open) => {
      const kept = (open["kept"] = { a: 1 });
      open["changed"] = { a: 1 };
      open["gone"] = 1;
      await update(open, (draft) => {
        (draft["changed"] as { a: number }).a = 2;
        delete draft["gone"];
        draft["added"] = true;
      });
      expect(open).toEqual({ kept: { a: 1 }, changed: { a: 2 }, added: true });
      expect(open["kept"]).toBe(kept);
    });
  });

  it("is a plain change in a request, and still works after it", async () => {
    const { sessions } = start({ store: memoryStore() });
    const jar = new Jar();
    const session = await jar.request(sessions, async (fresh) => {
      await update(fresh, (draft) => (draft["n"] = 1));
      return fresh;
    });
    await update(session, (draft) => (draft["n"] = 2));
    expect(await jar.read(sessions)).toEqual({ n: 2 });
    const { sessions: plain } = start();
    const late = await new Jar().request(plain, (fresh) => fresh);
    await expect(update(late, () => undefined)).rejects.toMatchObject({
      code: "ERR_SESSION_COMMITTED",
    });
  });
});

it("sockets that stay open while the sessions are stopped are watched again after a restart", async () => {
  const store = memoryStore();
  const [one, two] = [start({ store }), start({ store })];
  const jar = new Jar();
  await jar.request(one.sessions, (session) => (session["n"] = 1));
  const socket = await jar.socket(one.sessions);
  one.sessions.stop();
  await jar.request(two.sessions, (session) => destroy(session));
  expect(socket.closed).toBeUndefined();
  one.sessions.start();
  await vi.advanceTimersByTimeAsync(10);
  expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
});
