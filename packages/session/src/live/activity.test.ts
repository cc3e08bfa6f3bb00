import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start, type Data, type FakeSocket } from "@galleta/test-support/jar";
import type { Sessions } from "../index.ts";
import { cookieSession } from "../formats/cookie-session.ts";
import { setMaxAge } from "../session/functions.ts";
import { sessionStore } from "../store/custom.ts";
import { memoryStore } from "../store/memory.ts";
import type { Write } from "../store/store.ts";

// The hour and the twelve hours of `hardened`, where a minute takes a second: the timers of an hour
// would run 3,600 times.
const MINUTE = 1000;
const BRIEF = { hardened: true, maxAge: 60, absoluteMaxAge: 12 * 60 } as const;
const HARDENED = { ...BRIEF, socketActivity: true } as const;
const EXPIRED = { code: 1008, reason: "session expired" };

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

async function loggedIn(sessions: Sessions<Data>): Promise<Jar> {
  const jar = new Jar();
  await jar.request(sessions, (session) => (session["user"] = "ada"));
  return jar;
}

/** A socket of a page with `@galleta/session/client`, whose exchange any process may answer. */
async function page(sessions: Sessions<Data>, jar: Jar, exchange = sessions) {
  const tickets: string[] = [];
  const codes: (string | undefined)[] = [];
  const socket: FakeSocket = await jar.socket(sessions, {
    control(frame) {
      const { id, ticket } = JSON.parse(frame.slice(1)) as Record<"id" | "ticket", string>;
      tickets.push(ticket);
      void jar.exchange(exchange, ticket).then(({ code, receipt }) => {
        codes.push(code);
        socket.handle?.receive(JSON.stringify({ id, code, receipt }));
      });
    },
  });
  return { socket, tickets, codes };
}

/** Lets a client send a message each minute. */
async function type(socket: FakeSocket, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i += 1) {
    await vi.advanceTimersByTimeAsync(MINUTE);
    socket.handle?.active();
    await vi.advanceTimersByTimeAsync(0);
  }
}

/** A store that another process could have, and what it was told. */
function countingStore() {
  const kept = memoryStore();
  const writes: Write[] = [];
  let reads = 0;
  let isDown = false;
  const store = sessionStore({
    isLocal: false,
    get: async (keys: readonly string[]) => {
      reads += 1;
      if (isDown) throw new Error("down");
      return kept.get(keys);
    },
    replace: async (write: Write) => {
      writes.push(write);
      return kept.replace(write);
    },
  });
  return { store, writes, reads: () => reads, fail: () => (isDown = true) };
}

describe("messages on a socket", () => {
  it("do not prolong a session by default: after an hour it is closed", async () => {
    for (const options of [{}, { store: memoryStore() }]) {
      const { sessions } = start({ ...BRIEF, ...options });
      const { socket, tickets } = await page(sessions, await loggedIn(sessions));
      await type(socket, 61);
      expect(socket.closed).toEqual(EXPIRED);
      expect(tickets).toEqual([]);
    }
  });

  it.each([
    ["without a store", () => ({})],
    ["with a store", () => ({ store: memoryStore() })],
    ["with the data in a store", () => ({ store: memoryStore(), storage: "store" as const })],
  ])(
    "%s keep it open by the cookie of the page, until its absolute end",
    async (_name, options) => {
      const { sessions } = start({ ...HARDENED, ...options() });
      const jar = await loggedIn(sessions);
      const { socket, tickets, codes } = await page(sessions, jar);
      await type(socket, 180);
      expect(socket.closed).toBeUndefined();
      expect(await jar.read(sessions)).toEqual({ user: "ada" });
      // A tenth of the hour passes between two of them.
      expect(tickets.length).toBeGreaterThan(20);
      expect(tickets.length).toBeLessThanOrEqual(30);
      expect(codes.filter((code) => code !== undefined)).toEqual([]);
      await type(socket, 9 * 60 - 1);
      expect(socket.closed).toBeUndefined();
      const { length } = tickets;
      await type(socket, 2);
      expect(socket.closed).toEqual(EXPIRED);
      expect(tickets).toHaveLength(length);
      expect(await jar.read(sessions)).toEqual({});
    },
  );

  it("keep it open with a store if the page has no client, without a new cookie", async () => {
    for (const storage of ["cookie", "store"] as const) {
      const { sessions } = start({ ...HARDENED, store: memoryStore(), storage });
      const jar = await loggedIn(sessions);
      const before = jar.cookie;
      const socket = await jar.socket(sessions);
      await type(socket, 59);
      // The cookie is still good, and a request prolongs it like any other.
      const early = jar.copy();
      expect(await early.read(sessions)).toEqual({ user: "ada" });
      expect(early.cookie).not.toBe(before);
      await type(socket, 121);
      expect(socket.closed).toBeUndefined();
      expect(socket.session).toEqual({ user: "ada" });
      // The browser's cookie was not prolonged, and its end does not end the socket.
      expect(jar.cookie).toBe(before);
      expect(await jar.read(sessions)).toEqual({});
      await type(socket, 1);
      expect(socket.closed).toBeUndefined();
      await type(socket, 9 * 60);
      expect(socket.closed).toEqual(EXPIRED);
    }
  });

  it("leave a socket that only receives to its lifetime", async () => {
    const { sessions } = start({ ...HARDENED, store: memoryStore() });
    const socket = await (await loggedIn(sessions)).socket(sessions);
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(socket.closed).toEqual(EXPIRED);
  });

  it("ask a store once in a tenth of the lifetime, however many they are", async () => {
    const { store, writes, reads } = countingStore();
    const { sessions } = start({ ...HARDENED, store, storage: "store" });
    const socket = await (await loggedIn(sessions)).socket(sessions);
    const before = writes.length;
    for (let i = 0; i < 6 * 60; i += 1) {
      await vi.advanceTimersByTimeAsync(MINUTE / 60);
      for (let j = 0; j < 10; j += 1) socket.handle?.active();
    }
    expect(writes).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1000);
    const asked = reads();
    for (let j = 0; j < 1000; j += 1) socket.handle?.active();
    await vi.advanceTimersByTimeAsync(0);
    expect(reads() - asked).toBe(1);
    expect(writes).toHaveLength(before + 1);
    await type(socket, 6);
    expect(writes).toHaveLength(before + 1);
    await type(socket, 1);
    expect(writes).toHaveLength(before + 2);
  });

  it("tell of a store that is down as seldom, and the session ends in its time", async () => {
    const { store, fail } = countingStore();
    const { sessions, events } = start({ ...HARDENED, store });
    const socket = await (await loggedIn(sessions)).socket(sessions);
    await vi.advanceTimersByTimeAsync(7 * MINUTE);
    // The check of each second tells of it as well, so both are counted in one second.
    fail();
    events.length = 0;
    for (let j = 0; j < 1000; j += 1) socket.handle?.active();
    await vi.advanceTimersByTimeAsync(100);
    expect(events.filter(({ type }) => type === "store").length).toBeLessThanOrEqual(2);
    await type(socket, 54);
    expect(socket.closed).toEqual(EXPIRED);
  });

  it("do not bring an ended session back", async () => {
    const { store } = countingStore();
    const options = { ...HARDENED, store, subject: "user" };
    const here = start(options);
    const elsewhere = start(options);
    const jar = await loggedIn(here.sessions);
    const socket = await jar.socket(here.sessions);
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    await elsewhere.sessions.revokeAll("ada");
    socket.handle?.active();
    await vi.advanceTimersByTimeAsync(10);
    expect(socket.closed).toEqual({ code: 1008, reason: "session ended" });
    socket.handle?.active();
    await vi.advanceTimersByTimeAsync(10);
    expect(await jar.read(elsewhere.sessions)).toEqual({});
  });

  it("are seen in the list of a user's sessions", async () => {
    const { sessions } = start({ ...HARDENED, store: memoryStore(), subject: "user" });
    const socket = await (await loggedIn(sessions)).socket(sessions);
    await type(socket, 30);
    const [listed] = await sessions.list("ada");
    expect(Number(listed?.endsAt) - Date.now()).toBeGreaterThan(50 * MINUTE);
  });

  it("also apply changes of other requests when they prolong the session", async () => {
    const { store } = countingStore();
    const here = start({ ...HARDENED, store });
    const elsewhere = start({ ...HARDENED, store });
    const jar = await loggedIn(here.sessions);
    const socket = await jar.socket(here.sessions);
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    await jar.request(elsewhere.sessions, (session) => (session["n"] = 2));
    await type(socket, 20);
    expect(socket.session).toEqual({ user: "ada", n: 2 });
    expect(await jar.read(elsewhere.sessions)).toEqual({ user: "ada", n: 2 });
  });

  it("prolong by an exchange that another process answered, without a backplane", async () => {
    const here = start(HARDENED);
    const elsewhere = start(HARDENED);
    const jar = await loggedIn(here.sessions);
    const { socket, codes } = await page(here.sessions, jar, elsewhere.sessions);
    await type(socket, 180);
    expect(socket.closed).toBeUndefined();
    expect(codes.filter((code) => code !== undefined)).toEqual([]);
    // Its socket is never open longer than its cookie is good.
    await vi.advanceTimersByTimeAsync(54 * MINUTE);
    expect(await jar.copy().read(elsewhere.sessions)).toEqual({ user: "ada" });
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect(socket.closed).toEqual(EXPIRED);
  });

  it("prolong by the page's own fetch only: a page that does not answer is closed", async () => {
    const { sessions } = start(HARDENED);
    const frames: string[] = [];
    const socket = await (
      await loggedIn(sessions)
    ).socket(sessions, { control: (frame) => void frames.push(frame) });
    await type(socket, 61);
    expect(socket.closed).toEqual(EXPIRED);
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.length).toBeLessThan(10);
  });

  it("follow the lifetime that `setMaxAge` gave", async () => {
    const { sessions } = start({ ...HARDENED, store: memoryStore() });
    const jar = await loggedIn(sessions);
    await jar.request(sessions, (session) => setMaxAge(session, 5));
    const socket = await jar.socket(sessions);
    await type(socket, 30);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(socket.closed).toEqual(EXPIRED);
  });

  it("tell once where there is neither a store nor a page with the client", async () => {
    const { sessions, events } = start(HARDENED);
    const socket = await (await loggedIn(sessions)).socket(sessions);
    await type(socket, 61);
    expect(socket.closed).toEqual(EXPIRED);
    expect(events.filter((event) => event.type === "dropped")).toEqual([
      expect.objectContaining({
        reason: "ERR_SESSION_STORE_REQUIRED",
        message: expect.stringContaining("socketActivity"),
      }),
    ]);
  });

  it("tell once where no server of the site answers the page's exchange", async () => {
    const { sessions, events } = start(HARDENED);
    const jar = await loggedIn(sessions);
    // What the client sends when the answer is not one of the exchange.
    const code = "ERR_SESSION_UPDATE_TIMEOUT";
    const socket: FakeSocket = await jar.socket(sessions, {
      control(frame) {
        const { id } = JSON.parse(frame.slice(1)) as { id: string };
        queueMicrotask(() => socket.handle?.receive(JSON.stringify({ id, code })));
      },
    });
    await type(socket, 61);
    expect(socket.closed).toEqual(EXPIRED);
    expect(events.filter((event) => event.type === "dropped")).toEqual([
      expect.objectContaining({
        reason: code,
        message: expect.stringMatching(/socketActivity.*POST \/\.galleta\/session/),
      }),
    ]);
  });
});

describe("the ticket of activity", () => {
  it("changes nothing, and is of one session and one use", async () => {
    const { sessions } = start({ ...HARDENED, hardened: false });
    const jar = await loggedIn(sessions);
    const frames: string[] = [];
    const socket = await jar.socket(sessions, { control: (frame) => void frames.push(frame) });
    await type(socket, 7);
    const { ticket } = JSON.parse(frames[0]!.slice(1)) as { ticket: string };
    const other = await loggedIn(sessions);
    expect(await other.exchange(sessions, ticket)).toMatchObject({
      code: "ERR_SESSION_TICKET_FOREIGN",
    });
    // A change that came meanwhile stays.
    await jar.request(sessions, (session) => (session["n"] = 2));
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ status: 200 });
    expect(await jar.read(sessions)).toEqual({ user: "ada", n: 2 });
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ code: "ERR_SESSION_TICKET_USED" });
  });
});

it("throws if sessions are not prolonged, or have no cookie of our own", () => {
  const writeAs = cookieSession({ secretKey: "a key of the other framework" });
  const refused = [{ rolling: false }, { writeAs }, { socketActivity: 60 as never }];
  for (const options of refused) {
    expect(() => start({ socketActivity: true, ...options })).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining("socketActivity"),
      }),
    );
  }
});
