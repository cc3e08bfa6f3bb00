import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, KEY, start, type Data } from "@galleta/test-support/jar";
import { Sessions } from "../engine.ts";
import { destroy } from "../session/functions.ts";
import { sessionStore } from "../store/custom.ts";
import { endKey, sessionKey, TOMB } from "../store/keys.ts";
import { memoryStore } from "../store/memory.ts";
import type { Write } from "../store/store.ts";
import { sessionBackplane } from "./session-backplane.ts";
import { update, type UpdateOptions } from "./update.ts";

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z") }));
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const soon = () => vi.advanceTimersByTimeAsync(0);

async function counter(sessions: Sessions<Data>): Promise<Jar> {
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["n"] = 1));
  return jar;
}

/** A socket without a store, and what its updates lead to. */
async function page(options: Parameters<typeof start>[0] = {}) {
  const { sessions, events } = start(options);
  const jar = await counter(sessions);
  const tickets: string[] = [];
  const frames: { id: string; ticket: string }[] = [];
  const socket = await jar.socket(sessions, {
    control: (frame) => void frames.push(JSON.parse(frame.slice(1)) as (typeof frames)[0]),
  });
  const deliver = (ticket: string) => void tickets.push(ticket);
  const change = (n: number, given: UpdateOptions = {}) => {
    const run = vi.fn((draft: Data) => void (draft["n"] = n));
    const done = update(socket.session, run, given);
    done.catch(() => undefined);
    return { run, done };
  };
  const exchanges = async (ticket: string) => void (await jar.exchange(sessions, ticket));
  return { sessions, events, jar, socket, tickets, frames, deliver, change, exchanges };
}

describe("update", () => {
  it.each([0, -1, 60.5, Number.NaN, "5", null])("throws for a timeout of %j", async (timeout) => {
    const { change, exchanges } = await page();
    const { done, run } = change(2, { deliver: exchanges, timeout: timeout as number });
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_OPTION" });
    expect(run).not.toHaveBeenCalled();
  });

  it.each([0.5, 60])("accepts a timeout of %d seconds", async (timeout) => {
    const { change, exchanges, socket } = await page();
    await change(2, { deliver: exchanges, timeout }).done;
    expect(socket.session).toEqual({ n: 2 });
  });

  it("throws for an object that is not a session", async () => {
    await expect(update({}, () => undefined)).rejects.toMatchObject({
      code: "ERR_SESSION_NOT_A_SESSION",
    });
  });

  it("reports why a change was not applied, without the words of the app's error", async () => {
    const { events, socket, exchanges } = await page();
    const fails = () => {
      throw new Error("a secret");
    };
    await expect(update(socket.session, fails, { deliver: exchanges })).rejects.toThrow("a secret");
    const wrong = (draft: Data) => void (draft["n"] = 1n);
    await expect(update(socket.session, wrong, { deliver: exchanges })).rejects.toThrow();
    const dropped = events.filter(({ type }) => type === "dropped");
    expect(dropped).toEqual([
      expect.objectContaining({
        reason: "change",
        keys: [],
        message: expect.stringMatching(/not applied: its function threw/) as string,
      }),
      expect.objectContaining({
        reason: "ERR_SESSION_NOT_JSON",
        keys: [],
        message: expect.stringMatching(/not applied: .*err_session_not_json/) as string,
      }),
    ]);
    expect(JSON.stringify(dropped)).not.toContain("a secret");
  });
});

describe("update without a store", () => {
  it("may run any number of times, one after the other, and leaves no timer", async () => {
    const { change, exchanges, socket } = await page();
    const timers = vi.getTimerCount();
    for (let n = 2; n <= 12; n += 1) await change(n, { deliver: exchanges }).done;
    expect(socket.session).toEqual({ n: 12 });
    expect(vi.getTimerCount()).toBe(timers);
  });

  it("is tried five times if others change the session first", async () => {
    const { change, jar, sessions } = await page();
    let count = 0;
    const deliver = async (ticket: string) => {
      count += 1;
      await jar.request(sessions, (session) => void (session["other"] = count));
      await jar.exchange(sessions, ticket);
    };
    const { done, run } = change(2, { deliver });
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_TICKET_STALE" });
    expect([count, run.mock.calls.length]).toEqual([5, 5]);
  });

  it("does not run if its time was over before its turn", async () => {
    const { change, deliver, exchanges, tickets } = await page();
    const first = change(2, { deliver, timeout: 5 });
    const second = change(3, { deliver, timeout: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    await expect(second.done).rejects.toMatchObject({ code: "ERR_SESSION_UPDATE_TIMEOUT" });
    await exchanges(tickets[0] ?? "");
    await first.done;
    await soon();
    expect([second.run.mock.calls.length, tickets.length]).toEqual([0, 1]);
  });

  it("is announced once to other processes", async () => {
    const kinds: string[] = [];
    const backplane = sessionBackplane({
      publish: (text) => void kinds.push((JSON.parse(text) as { kind: string }).kind),
      subscribe: () => undefined,
      close: () => undefined,
    });
    const { change, exchanges } = await page({ backplane });
    await change(2, { deliver: exchanges }).done;
    expect(kinds.toSorted()).toEqual(["changed", "ticket"]);
  });

  it("fails with the error of another session's exchange, also if the session changed", async () => {
    const { change, deliver, tickets, jar, sessions } = await page();
    const { done, run } = change(2, { deliver });
    await soon();
    await jar.request(sessions, (session) => void (session["other"] = 1));
    const stranger = await counter(sessions);
    await stranger.exchange(sessions, tickets[0] ?? "");
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_TICKET_FOREIGN" });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("fails if the page says that it is stale and this process knows nothing newer", async () => {
    const { change, frames, socket } = await page();
    const { done, run } = change(2);
    await soon();
    const code = "ERR_SESSION_TICKET_STALE";
    socket.handle?.receive(JSON.stringify({ id: frames[0]?.id, code }));
    await expect(done).rejects.toMatchObject({ code });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([
    "ERR_SESSION_ENDED",
    "ERR_SESSION_TOO_LARGE",
    "ERR_SESSION_SCHEMA",
    "ERR_SESSION_CSRF",
    "ERR_SESSION_UPDATE_TIMEOUT",
    "ERR_SESSION_TICKET_EXPIRED",
    "ERR_SESSION_TICKET_USED",
    "ERR_SESSION_TICKET_FOREIGN",
  ])("fails with the code %s that a page reports", async (code) => {
    const { change, frames, socket } = await page();
    const { done } = change(2);
    await soon();
    socket.handle?.receive(JSON.stringify({ id: frames[0]?.id, code }));
    await expect(done).rejects.toMatchObject({ code });
  });
});

describe("update with a store", () => {
  /** A store of another process. A test may change what its writes do. */
  function remote() {
    const shared = memoryStore();
    const state = { replace: (write: Write) => shared.replace(write), writes: 0 };
    const open = () =>
      sessionStore({
        isLocal: false,
        get: async (keys: readonly string[]) => shared.get(keys),
        async replace(write) {
          state.writes += 1;
          return state.replace(write);
        },
      });
    return { shared, state, open };
  }

  it("runs once, on the newest data of another process", async () => {
    const { open } = remote();
    const [here, elsewhere] = [start({ store: open() }), start({ store: open() })];
    const jar = await counter(here.sessions);
    const { session } = await jar.socket(here.sessions);
    await jar.request(elsewhere.sessions, (other) => void (other["n"] = 5));
    const run = vi.fn((draft: Data) => void (draft["n"] = Number(draft["n"]) + 1));
    await update(session, run);
    expect([run.mock.calls.length, session]).toEqual([1, { n: 6 }]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await jar.read(elsewhere.sessions)).toEqual({ n: 6 });
  });

  it("runs once, on the newest data of this process, if the store lost its own", async () => {
    const { shared, state, open } = remote();
    const { sessions } = start({ store: open() });
    const jar = await counter(sessions);
    const first = await jar.request(sessions, (session) => session);
    await jar.request(sessions, (session) => void (session["n"] = 5));
    vi.spyOn(shared, "get").mockImplementation((keys) => keys.map(() => undefined));
    state.replace = () => undefined;
    const run = vi.fn((draft: Data) => void (draft["n"] = Number(draft["n"]) + 1));
    await update(first, run);
    expect([run.mock.calls.length, first]).toEqual([1, { n: 6 }]);
  });

  it("writes nothing and tells no socket if nothing changes", async () => {
    const { state, open } = remote();
    const { sessions } = start({ store: open() });
    const jar = await counter(sessions);
    const [one, two] = [await jar.socket(sessions), await jar.socket(sessions)];
    state.writes = 0;
    await update(one.session, (draft) => void (draft["n"] = 1));
    expect([state.writes, two.changes]).toEqual([0, 0]);
  });

  it("throws if another process ended the session, before it runs or meanwhile", async () => {
    const { shared, open } = remote();
    const [here, elsewhere] = [start({ store: open() }), start({ store: open() })];
    const ended = { code: "ERR_SESSION_ENDED" };
    const jar = await counter(here.sessions);
    const { session } = await jar.socket(here.sessions);
    await jar.request(elsewhere.sessions, (other) => destroy(other));
    const run = vi.fn();
    await expect(update(session, run)).rejects.toMatchObject(ended);
    expect(run).not.toHaveBeenCalled();

    const socket = await (await counter(here.sessions)).socket(here.sessions);
    const { sid } = socket.context.state;
    const late = update(socket.session, (draft: Data) => {
      for (const key of [sessionKey(sid), endKey(sid)]) {
        void shared.replace({ ...TOMB, key, base: Number.MAX_SAFE_INTEGER, seconds: 60 });
      }
      draft["n"] = 2;
    });
    await expect(late).rejects.toMatchObject(ended);
    expect(socket.session).toEqual({ n: 1 });
  });

  it("gives up after a hundred other changes came first", async () => {
    const { state, open } = remote();
    const { sessions } = start({ store: open() });
    const { session } = await (await counter(sessions)).socket(sessions);
    state.replace = ({ base }) => ({ rev: base + 1, value: `mark {"n":${base}}` });
    const run = vi.fn((draft: Data) => void (draft["m"] = 1));
    await expect(update(session, run)).rejects.toMatchObject({
      code: "ERR_SESSION_STORE",
      status: 503,
    });
    expect(run).toHaveBeenCalledTimes(100);
  });

  it("also works after the response of sessions that have no sockets", async () => {
    const sessions = new Sessions<Data>({ secretKey: KEY, store: memoryStore() });
    const jar = new Jar();
    const session = await jar.request(sessions, (fresh) => {
      fresh["n"] = 1;
      return fresh;
    });
    await update(session, (draft) => void (draft["n"] = 2));
    expect(await jar.read(sessions)).toEqual({ n: 2 });
  });
});
