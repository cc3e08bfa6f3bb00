import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import type { Sessions } from "../engine.ts";
import { destroy, renew } from "../session/functions.ts";
import { sessionStore } from "../store/custom.ts";
import { memoryStore } from "../store/memory.ts";
import { sessionBackplane } from "./session-backplane.ts";
import { update } from "./update.ts";

const ENDED = { code: 1008, reason: "session ended" };

/** Two processes with one message bus, and with a store in another process if asked for. */
function processes(withStore: boolean) {
  const listeners = new Set<(message: string) => void>();
  const messages: string[] = [];
  const backplane = () =>
    sessionBackplane({
      publish: (message) => {
        messages.push(message);
        for (const listener of listeners) listener(message);
      },
      subscribe: (onMessage) => void listeners.add(onMessage),
      close: () => undefined,
    });
  const shared = memoryStore();
  const store = () =>
    sessionStore({
      isLocal: false,
      get: async (keys: readonly string[]) => shared.get(keys),
      replace: async (write) => shared.replace(write),
    });
  const one = () =>
    start({ backplane: backplane(), ...(withStore && { store: store(), subject: "user" }) });
  const deliver = (message: string) => {
    for (const listener of listeners) listener(message);
  };
  return { here: one().sessions, there: one().sessions, messages, deliver };
}

async function login(sessions: Sessions<Data>): Promise<Jar> {
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["user"] = "ana"));
  return jar;
}

describe.each([
  ["without a store", false],
  ["with a store", true],
])("sockets in another process, %s", (_what, withStore) => {
  it("see a change, and the new id of the session", async () => {
    const { here, there } = processes(withStore);
    const jar = await login(here);
    const socket = await jar.socket(there);
    await jar.request(here, (session) => void (session["n"] = 1));
    await vi.waitFor(() => expect(socket.session).toEqual({ user: "ana", n: 1 }));
    const old = jar.copy();
    await jar.request(here, (session) => {
      renew(session);
      session["n"] = 2;
    });
    await vi.waitFor(() => expect(socket.session).toEqual({ user: "ana", n: 2 }));
    expect([socket.changes, socket.closed]).toEqual([2, undefined]);
    expect(await old.read(there)).toEqual({});
    await jar.request(here, (session) => void (session["n"] = 3));
    await vi.waitFor(() => expect(socket.session).toEqual({ user: "ana", n: 3 }));
  });

  it("are closed when the session ends, and copies of its cookie are rejected", async () => {
    const { here, there } = processes(withStore);
    const jar = await login(here);
    const socket = await jar.socket(there);
    const copy = jar.copy();
    await jar.request(here, (session) => destroy(session));
    await vi.waitFor(() => expect(socket.closed).toEqual(ENDED));
    expect(await copy.read(there)).toEqual({});
  });

  it("keep the newer data if an older message comes late or again", async () => {
    const { here, there, messages, deliver } = processes(withStore);
    const jar = await login(here);
    const socket = await jar.socket(there);
    messages.length = 0;
    await jar.request(here, (session) => void (session["n"] = 1));
    await jar.request(here, (session) => void (session["n"] = 2));
    await vi.waitFor(() => expect(socket.session).toEqual({ user: "ana", n: 2 }));
    for (const message of messages.toReversed()) deliver(message);
    await new Promise(setImmediate);
    expect(socket.session).toEqual({ user: "ana", n: 2 });
    expect(await jar.read(there)).toEqual({ user: "ana", n: 2 });
  });
});

it("a process without a store merges a change that another process sent", async () => {
  const { here, there } = processes(false);
  const jar = await login(here);
  const overlapping = await jar.copy().open(there);
  overlapping.session["there"] = 1;
  await jar.request(here, (session) => void (session["here"] = 1));
  jar.take((await overlapping.commit()).setCookie);
  expect(await jar.read(there)).toEqual({ user: "ana", here: 1, there: 1 });
});

it("a ticket that one process exchanged is used up in the other", async () => {
  const { here, there } = processes(false);
  const jar = await login(here);
  let frame = { id: "", ticket: "" };
  const socket = await jar.socket(here, {
    control: (text) => void (frame = JSON.parse(text.slice(1)) as typeof frame),
  });
  const changed = update(socket.session, (draft: Data) => void (draft["n"] = 1));
  await vi.waitFor(() => expect(frame.ticket).not.toBe(""));
  const { id, ticket } = frame;
  const again = jar.copy();
  const { status, receipt } = await jar.exchange(there, ticket);
  expect(status).toBe(200);
  socket.handle?.receive(JSON.stringify({ id, receipt }));
  await changed;
  expect(socket.session).toEqual({ user: "ana", n: 1 });
  expect(await again.exchange(here, ticket)).toMatchObject({ code: "ERR_SESSION_TICKET_USED" });
});

it("sockets of a user are closed in every process after revokeAll", async () => {
  const { here, there } = processes(true);
  const [ana, eva] = [await login(here), new Jar()];
  await eva.request(here, (session) => void (session["user"] = "eva"));
  const [closed, open] = [await ana.socket(there), await eva.socket(there)];
  await here.revokeAll("ana");
  await vi.waitFor(() => expect(closed.closed).toEqual(ENDED));
  expect(open.closed).toBeUndefined();
});

/** Two processes. Messages wait until the test delivers them, and reads of the store are counted. */
async function apart(withStore: boolean) {
  const shared = memoryStore();
  const state = { reads: 0, isDown: false, isEmpty: false };
  const sent: string[] = [];
  const listeners: ((message: string) => void)[] = [];
  const make = () => {
    const store = sessionStore({
      isLocal: false,
      async get(keys: readonly string[]) {
        state.reads += 1;
        if (state.isDown) throw new Error("down");
        return state.isEmpty ? keys.map(() => undefined) : shared.get(keys);
      },
      replace: async (write) => shared.replace(write),
    });
    const backplane = sessionBackplane({
      publish: (message) => void sent.push(message),
      subscribe: (onMessage) => void listeners.push(onMessage),
      close: () => undefined,
    });
    return start({ backplane, maxAge: 100, ...(withStore && { store }) });
  };
  const [here, there] = [make(), make()];
  there.sessions.start();
  const deliver = (messages = sent.splice(0)) => {
    for (const message of messages) for (const listen of listeners) listen(message);
  };
  const jar = await login(here.sessions);
  const failures = () => there.events.filter(({ type }) => type === "store").length;
  return { here: here.sessions, there: there.sessions, jar, sent, state, deliver, failures };
}

describe("messages of another process", () => {
  beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") }));
  afterEach(() => void vi.useRealTimers());
  const soon = () => vi.advanceTimersByTimeAsync(1);

  it.each([true, false])(
    "about sessions without sockets here change nothing (store: %s)",
    async (withStore) => {
      const { here, there, jar, sent, state, deliver, failures } = await apart(withStore);
      const { sid } = (await jar.open(here)).state;
      await jar.request(here, (session) => void (session["n"] = 1));
      await jar.request(here, (session) => renew(session));
      await jar.request(here, (session) => destroy(session));
      state.reads = 0;
      sent.push(JSON.stringify({ sender: "x", kind: "user", user: "u:key" }));
      const noData = { sid, rev: 9, born: 1, iat: 1, exp: 9 };
      sent.push(JSON.stringify({ sender: "x", kind: "changed", change: noData }));
      expect(() => deliver()).not.toThrow();
      await soon();
      expect([state.reads, failures()]).toEqual([0, 0]);
      expect(there.shared.live).toBeDefined();
    },
  );

  it("without data change nothing in a process without a store", async () => {
    const { there, jar, deliver } = await apart(false);
    const socket = await jar.socket(there);
    const { sid } = socket.context.state;
    const change = { sid, rev: 9, born: 1, iat: 1, exp: 9 };
    const message = JSON.stringify({ sender: "x", kind: "changed", change });
    expect(() => deliver([message])).not.toThrow();
    expect([socket.session, socket.changes, socket.closed]).toEqual([
      { user: "ana" },
      0,
      undefined,
    ]);
  });

  it("that come late replace no newer change, which later requests merge with", async () => {
    const { here, there, jar, sent, deliver } = await apart(false);
    const old = jar.copy();
    await jar.request(here, (session) => void (session["a"] = 1));
    const first = sent.splice(0);
    await jar.request(here, (session) => void (session["b"] = 1));
    const second = sent.splice(0);
    const overlapping = async (field: string) => {
      const copy = old.copy();
      await copy.request(there, (session) => void (session[field] = 1));
      return copy.read(there);
    };
    deliver(first);
    expect(await overlapping("c")).toMatchObject({ a: 1, c: 1 });
    deliver(second);
    const merged = jar.copy();
    await merged.request(there, (session) => void (session["d"] = 1));
    deliver(first);
    expect(await overlapping("e")).toMatchObject({ a: 1, b: 1, d: 1, e: 1 });
  });

  it("about a change are answered by reading the store once, unless it is known", async () => {
    const { here, there, jar, sent, state, deliver } = await apart(true);
    const socket = await jar.socket(there);
    await soon();
    state.reads = 0;
    await jar.request(here, (session) => void (session["n"] = 1));
    const first = sent.splice(0);
    await jar.request(here, (session) => void (session["n"] = 2));
    state.reads = 0;
    deliver();
    await soon();
    expect([socket.session["n"], socket.changes, state.reads]).toEqual([2, 1, 1]);
    deliver(first);
    await soon();
    expect([socket.session["n"], socket.changes, state.reads]).toEqual([2, 1, 1]);
  });

  it("about a longer life keep the socket open, without reading the store", async () => {
    const { here, there, jar, state, deliver } = await apart(true);
    const socket = await jar.socket(there);
    await vi.advanceTimersByTimeAsync(20_000);
    await jar.read(here);
    state.reads = 0;
    deliver();
    await soon();
    expect([state.reads, socket.changes]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(socket.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(10_100);
    expect(socket.closed).toEqual({ code: 1008, reason: "session expired" });
  });

  it("about a change of a session that ended meanwhile close its sockets", async () => {
    const { here, there, jar, sent, deliver } = await apart(true);
    const socket = await jar.socket(there);
    await soon();
    await jar.request(here, (session) => void (session["n"] = 1));
    const changed = sent.splice(0);
    await jar.request(here, (session) => destroy(session));
    deliver(changed);
    await soon();
    expect(socket.closed).toEqual(ENDED);
  });

  it("leave the session as it is if the store lost it, and report a store that fails", async () => {
    const { here, there, jar, sent, state, deliver, failures } = await apart(true);
    const socket = await jar.socket(there);
    await soon();
    await jar.request(here, (session) => void (session["n"] = 1));
    const message = sent.splice(0);
    state.isEmpty = true;
    deliver(message);
    await soon();
    expect([socket.session, socket.closed, failures()]).toEqual([{ user: "ana" }, undefined, 0]);
    state.isDown = true;
    deliver(message);
    await soon();
    expect([socket.session, socket.closed, failures()]).toEqual([{ user: "ana" }, undefined, 1]);
  });

  it("about a rejected ticket leave it valid", async () => {
    const { here, there, jar, deliver } = await apart(false);
    const tickets: string[] = [];
    const socket = await jar.socket(here);
    const done = update(socket.session, (draft: Data) => void (draft["n"] = 1), {
      deliver: (ticket) => void tickets.push(ticket),
    });
    done.catch(() => undefined);
    await soon();
    const stranger = await login(here);
    expect(await stranger.exchange(here, tickets[0]!)).toMatchObject({ status: 403 });
    deliver();
    expect(await jar.exchange(there, tickets[0]!)).toMatchObject({ status: 200 });
  });
});
