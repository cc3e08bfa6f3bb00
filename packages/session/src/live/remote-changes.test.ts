import { describe, expect, it, vi } from "vitest";
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
