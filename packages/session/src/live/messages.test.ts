import { describe, expect, it } from "vitest";
import { Jar, start, type FakeSocket } from "@galleta/test-support/jar";
import { memoryStore } from "../store/memory.ts";
import { update } from "./update.ts";
import type { Backplane } from "./backplane.ts";
import { readMessage, toSend, writeMessage, type Message } from "./messages.ts";

const change = { sid: "s".repeat(22), rev: 3, json: '{"a":1}', born: 1, iat: 2, exp: 3 };
const MESSAGES: Message[] = [
  { kind: "changed", change },
  { kind: "changed", change: toSend({ ...change, json: "x".repeat(20_000) }, true) },
  { kind: "renewed", from: "f".repeat(22), change },
  { kind: "ended", sid: change.sid },
  { kind: "user", user: "u:key" },
  { kind: "ticket", ticket: "t" },
  { kind: "ticket", ticket: "t", code: "ERR_SESSION_TICKET_STALE" },
];

/** Every kind of wrong value. */
const OTHERS = [undefined, null, -1, 1.5, "x".repeat(100), {}, [], true, Number.MAX_VALUE];

describe("messages", () => {
  it.each(MESSAGES)("$kind is read as it was written", (message) => {
    expect(readMessage(writeMessage("me", message), "other")).toStrictEqual(message);
    expect(readMessage(writeMessage("me", message), "me")).toBeUndefined();
  });

  it("hold no data with a store", () => {
    expect(writeMessage("me", MESSAGES[1]!).length).toBeLessThan(300);
  });

  it.each(["", "{", "null", "[]", "7", '"x"', "{}", '{"kind":"changed"}', '{"kind":"other"}'])(
    "rejects %s",
    (text) => {
      expect(readMessage(text, "me")).toBeUndefined();
    },
  );

  it("with wrong parts are rejected, or keep their meaning", () => {
    for (const message of MESSAGES) {
      const whole = JSON.parse(writeMessage("me", message)) as Record<string, unknown>;
      for (const name of Object.keys(whole).filter((key) => key !== "sender")) {
        for (const other of OTHERS) {
          const read = readMessage(JSON.stringify({ ...whole, [name]: other }), "you");
          // An error code may be any text. No other part may be replaced by these values.
          if (name !== "code") expect(read).toBeUndefined();
        }
      }
    }
  });

  it("with a part of the wrong type or size are rejected", () => {
    const reads = (message: object) =>
      readMessage(JSON.stringify({ sender: "me", ...message }), "you") !== undefined;
    const changed = (part: object) => reads({ kind: "changed", change: { ...change, ...part } });
    for (const name of ["rev", "born", "iat", "exp"]) {
      expect(changed({ [name]: 0 })).toBe(true);
      for (const other of [undefined, null, "1", -1, 1.5, 2 ** 53, true]) {
        expect([name, other, changed({ [name]: other })]).toEqual([name, other, false]);
      }
    }
    for (const other of [null, 7, {}]) expect(changed({ json: other })).toBe(false);
    const sid = (length: number) => ({ sid: "s".repeat(length) });
    expect([0, 1, 64, 65].map((length) => changed(sid(length)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(changed({ sid: 7 })).toBe(false);
    for (const code of [7, null, {}])
      expect(reads({ kind: "ticket", ticket: "t", code })).toBe(false);
  });
});

describe("a backplane", () => {
  /** Makes backplanes that deliver to each other, and a way to send any text on them. */
  function wire() {
    const listeners = new Set<(message: string) => void>();
    const make = (): Backplane => {
      let own: ((message: string) => void) | undefined;
      return {
        publish: (message) => {
          for (const listener of listeners) listener(message);
        },
        subscribe: (onMessage) => {
          own = onMessage;
          listeners.add(onMessage);
        },
        close: () => {
          if (own !== undefined) listeners.delete(own);
        },
      };
    };
    const say = (message: string) => {
      for (const listener of listeners) listener(message);
    };
    return { make, say, listeners };
  }

  async function pair() {
    const { make, say, listeners } = wire();
    const [one, two] = [start({ backplane: make() }), start({ backplane: make() })];
    one.sessions.start();
    two.sessions.start();
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["n"] = 1));
    const socket: FakeSocket = await jar.socket(two.sessions);
    return { one, two, jar, socket, say, listeners };
  }

  it("updates sockets of other processes, without a store", async () => {
    const { one, two, jar, socket } = await pair();
    const copy = jar.copy();
    await jar.request(one.sessions, (session) => (session["n"] = 2));
    expect([socket.session, socket.changes]).toEqual([{ n: 2 }, 1]);
    expect(await copy.copy().read(two.sessions)).toEqual({ n: 2 });
    await jar.request(one.sessions, (session) => delete session["n"]);
    expect(socket.closed?.reason).toBe("session ended");
    expect(await copy.read(two.sessions)).toEqual({});
  });

  it("announces that a ticket was exchanged, so that no other process accepts it", async () => {
    const { one, two, jar, socket } = await pair();
    const tickets: string[] = [];
    const deliver = (ticket: string) => tickets.push(ticket);
    const done = update(socket.session, (draft) => (draft["n"] = 2), { deliver });
    await Promise.resolve();
    await Promise.resolve();
    const [ticket = ""] = tickets;
    const before = jar.copy();
    expect(await jar.exchange(one.sessions, ticket)).toMatchObject({ status: 200 });
    await done;
    expect(await before.exchange(two.sessions, ticket)).toMatchObject({
      code: "ERR_SESSION_TICKET_USED",
    });
  });

  it("survives malformed messages", async () => {
    const { one, jar, socket, say } = await pair();
    for (const message of [
      "",
      "{",
      "null",
      '{"kind":"changed","change":{}}',
      "x".repeat(100_000),
    ]) {
      say(message);
    }
    const { sid } = socket.context.state;
    const body = { ...change, sid, rev: 99, json: "not json" };
    say(writeMessage("stranger", { kind: "changed", change: body }));
    expect(socket.session).toEqual({ n: 1 });
    await jar.request(one.sessions, (session) => (session["m"] = 2));
    expect(socket.session).toEqual({ n: 1, m: 2 });
    expect(await jar.read(one.sessions)).toEqual({ n: 1, m: 2 });
  });

  it("does not stop requests when it fails, and emits an event", async () => {
    const broken: Backplane = {
      publish: () => Promise.reject(new Error("down")),
      subscribe: () => {
        throw new Error("down");
      },
      close: () => undefined,
    };
    const { sessions, events } = start({ backplane: broken });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    await jar.request(sessions, (session) => (session["n"] = 2));
    await Promise.resolve();
    const told = events.filter(({ type }) => type === "store").map(({ reason }) => reason);
    expect(told).toEqual(["backplane", "backplane"]);
  });

  it("is closed when the sessions stop, and subscribed again by the next request", async () => {
    const { one, listeners } = await pair();
    one.sessions.stop();
    one.sessions.stop();
    expect(listeners.size).toBe(1);
    one.sessions.open("");
    expect(listeners.size).toBe(2);
  });
});

it("keeps a user logged in who logs in and ends all others in one request", async () => {
  const { revokeOthers } = await import("../store/revoke.ts");
  const { renew } = await import("../session/functions.ts");
  const { sessions } = start({ store: memoryStore(), subject: "user" });
  const [old, jar] = [new Jar(), new Jar()];
  await old.request(sessions, (session) => (session["user"] = "ada"));
  await jar.request(sessions, async (session) => {
    renew(session);
    session["user"] = "ada";
    await revokeOthers(session);
  });
  expect(await jar.read(sessions)).toEqual({ user: "ada" });
  expect(await old.read(sessions)).toEqual({});
});
