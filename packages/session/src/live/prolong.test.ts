import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import type { Sessions } from "../engine.ts";
import { sessionStore } from "../store/custom.ts";
import { memoryStore } from "../store/memory.ts";
import { live } from "./live.ts";
import { update } from "./update.ts";
import { destroy, renew, setMaxAge } from "../session/functions.ts";

const MINUTE = 60_000;
const ACTIVE = { hardened: true, socketActivity: true } as const;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

async function loggedIn(sessions: Sessions<Data>, cookie = ""): Promise<Jar> {
  const jar = new Jar(cookie);
  await jar.request(sessions, (session) => (session["user"] = "ada"));
  return jar;
}

/** A socket of a Durable Object: all that it keeps is a Cookie header. */
function sleeping(sessions: Sessions<Data>, cookie: string) {
  let attachment = cookie;
  let writes = 0;
  const prolonged = (header: string) => {
    attachment = header;
    writes += 1;
  };
  return {
    attachment: () => attachment,
    writes: () => writes,
    message: () => sessions.resume(attachment, { prolonged }),
    look: () => sessions.resume(attachment, { prolonged: false }),
  };
}

describe("sessions.resume with socketActivity", () => {
  it.each(["cookie", "store"] as const)(
    "prolongs the session by messages until its absolute end, with the data in the %s",
    async (storage) => {
      const store = memoryStore();
      const { sessions } = start({ ...ACTIVE, store, storage, subject: "user" });
      const socket = sleeping(sessions, (await loggedIn(sessions)).cookie);
      for (let i = 0; i < 180; i += 1) {
        vi.advanceTimersByTime(MINUTE);
        expect(await socket.message()).toEqual({ user: "ada" });
      }
      // A tenth of the hour passes between two of them.
      expect(socket.writes()).toBeGreaterThan(20);
      expect(socket.writes()).toBeLessThanOrEqual(30);
      const [listed] = await sessions.list("ada");
      expect(Number(listed?.endsAt) - Date.now()).toBeGreaterThan(50 * MINUTE);
      for (let i = 0; i < 9 * 60 - 1; i += 1) {
        vi.advanceTimersByTime(MINUTE);
        expect(await socket.message()).toEqual({ user: "ada" });
      }
      vi.advanceTimersByTime(MINUTE);
      expect(await socket.message()).toBeUndefined();
    },
  );

  it("does not prolong the session for a call without a message", async () => {
    const { sessions } = start({ ...ACTIVE, store: memoryStore() });
    const socket = sleeping(sessions, (await loggedIn(sessions)).cookie);
    vi.advanceTimersByTime(59 * MINUTE);
    expect(await socket.look()).toEqual({ user: "ada" });
    vi.advanceTimersByTime(MINUTE);
    expect(await socket.look()).toBeUndefined();
    expect(socket.writes()).toBe(0);
  });

  it("gives a session that update changes, and that throws for a plain write", async () => {
    const { sessions } = start({ ...ACTIVE, store: memoryStore() });
    const socket = sleeping(sessions, (await loggedIn(sessions)).cookie);
    vi.advanceTimersByTime(10 * MINUTE);
    const session = await socket.message();
    expect(socket.writes()).toBe(1);
    expect(() => (session!["n"] = 1)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_HANDSHAKE_SENT" }),
    );
    await update(session!, (draft) => void ((draft as Data)["n"] = 1));
    expect(await socket.message()).toEqual({ user: "ada", n: 1 });
  });

  it("does not bring an ended session back, in this process or another", async () => {
    const store = memoryStore();
    const options = { ...ACTIVE, store, subject: "user" };
    const [here, elsewhere] = [start(options), start(options)];
    const jar = await loggedIn(here.sessions);
    const socket = sleeping(elsewhere.sessions, jar.cookie);
    vi.advanceTimersByTime(30 * MINUTE);
    expect(await socket.message()).toEqual({ user: "ada" });
    const taken = socket.attachment();
    await jar.request(here.sessions, (session) => destroy(session));
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await socket.message()).toBeUndefined();
    expect(await new Jar(taken).read(here.sessions)).toEqual({});
  });

  it("keeps the other cookies of the header, and a session in several cookies", async () => {
    const { sessions } = start({ ...ACTIVE, store: memoryStore(), chunks: true });
    const context = sessions.open("");
    context.session["user"] = "ada";
    context.session["long"] = "x".repeat(3500);
    const set = (await context.commit()).cookies;
    const own = set.map(({ name, value }) => `${name}=${value}`);
    const socket = sleeping(sessions, ["theme=dark", ...own, "sessions=2"].join("; "));
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await socket.message()).toMatchObject({ user: "ada" });
    expect(socket.writes()).toBe(1);
    const names = socket
      .attachment()
      .split("; ")
      .map((pair) => pair.split("=")[0]);
    expect(names).toEqual(["theme", "sessions", ...set.map(({ name }) => name)]);
    expect(await socket.look()).toMatchObject({ user: "ada" });
  });

  it("drops the cookies that a shorter session no longer needs, and empty parts", async () => {
    const store = memoryStore();
    const { sessions } = start({ ...ACTIVE, store, chunks: true });
    const jar = await loggedIn(sessions);
    await jar.request(sessions, (session) => (session["long"] = "x".repeat(3500)));
    const socket = sleeping(sessions, `; a=1; ;${jar.cookie};`);
    await jar.request(sessions, (session) => delete session["long"]);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await socket.message()).toEqual({ user: "ada" });
    const parts = socket.attachment().split("; ");
    expect(parts).toHaveLength(2);
    expect(parts[0]).toBe("a=1");
    expect(await socket.look()).toEqual({ user: "ada" });
  });

  it("ends if the session reached its absolute end while it was read", async () => {
    const shared = memoryStore();
    let passes = 0;
    const store = sessionStore({
      isLocal: false,
      async get(keys: readonly string[]) {
        vi.setSystemTime(Date.now() + passes);
        return shared.get(keys);
      },
      replace: async (write) => shared.replace(write),
    });
    const { sessions } = start({ socketActivity: true, maxAge: 3600, absoluteMaxAge: 3660, store });
    const socket = sleeping(sessions, (await loggedIn(sessions)).cookie);
    vi.advanceTimersByTime(59 * MINUTE);
    passes = 2 * MINUTE;
    expect(await socket.message()).toBeUndefined();
    expect(socket.writes()).toBe(0);
  });

  it("needs no `prolonged` without socketActivity", async () => {
    const { sessions } = start({ store: memoryStore() });
    live(sessions);
    const { cookie } = await loggedIn(sessions);
    expect(await sessions.resume(cookie)).toEqual({ user: "ada" });
    expect(await sessions.resume(cookie, { prolonged: false })).toEqual({ user: "ada" });
  });

  it("ends with the id that a renewal replaced: the page must open a new socket", async () => {
    const { sessions } = start({ ...ACTIVE, store: memoryStore() });
    const jar = await loggedIn(sessions);
    const socket = sleeping(sessions, jar.cookie);
    await jar.request(sessions, (session) => renew(session));
    expect(await socket.message()).toBeUndefined();
    expect(await sleeping(sessions, jar.cookie).message()).toEqual({ user: "ada" });
  });

  it("does not change a session that ends with its browser", async () => {
    const { sessions } = start({ socketActivity: true, store: memoryStore(), maxAge: 3600 });
    const jar = await loggedIn(sessions);
    await jar.request(sessions, (session) => setMaxAge(session, null));
    const socket = sleeping(sessions, jar.cookie);
    expect(await socket.message()).toEqual({ user: "ada" });
  });

  it.each([
    ["a call that does not say whether it is a message", ACTIVE, {}, "ERR_SESSION_OPTION"],
    ["prolonged without socketActivity", {}, { prolonged: () => {} }, "ERR_SESSION_OPTION"],
  ])("throws for %s", async (_name, options, resume, code) => {
    const { sessions } = start({ ...options, store: memoryStore() });
    const jar = await loggedIn(sessions);
    await expect(sessions.resume(jar.cookie, resume)).rejects.toMatchObject({
      code,
      message: expect.stringContaining("socketActivity") as string,
    });
  });

  it("throws without a store, because only a store could end the session later", async () => {
    const { sessions } = start(ACTIVE);
    const socket = sleeping(sessions, (await loggedIn(sessions)).cookie);
    await expect(socket.message()).rejects.toMatchObject({ code: "ERR_SESSION_STORE_REQUIRED" });
    expect(await socket.look()).toEqual({ user: "ada" });
  });
});
