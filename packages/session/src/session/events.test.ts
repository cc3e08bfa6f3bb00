import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KEY, start, valueOf, visit } from "../../../../test/support/sessions.ts";
import { createSessions } from "../sessions.ts";
import { Events, type SessionEvent } from "./events.ts";
import { describe as describeSession, destroy, renew } from "./functions.ts";
import { shortHash } from "./hash.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("events", () => {
  it("tell what became of a session, by a hash of its id", () => {
    const { sessions, events } = start();
    const ids: string[] = [];
    const note = (session: object) => ids.push(describeSession(session).id);
    const first = visit(sessions, "", (session) => {
      session["secretData"] = "must-not-show";
      note(session);
    });
    const second = visit(sessions, first.cookie, (session) => {
      renew(session);
      note(session);
    });
    visit(sessions, second.cookie, (session) => destroy(session));
    visit(sessions, second.cookie);
    visit(sessions, "session=rubbish");
    const at = Date.now();
    const [old, young] = ids.map((id) => shortHash(id));
    expect(events).toEqual([
      { type: "created", at, session: old },
      { type: "renewed", at, session: young },
      { type: "destroyed", at, session: young },
      { type: "revoked", at, session: young },
      { type: "rejected", at, session: undefined, reason: "length" },
    ]);
    const shown = inspect(events, { depth: 9, showHidden: true }) + JSON.stringify(events);
    const secrets = [...ids, valueOf(first.cookie), valueOf(second.cookie), KEY, "must-not-show"];
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });

  it("give each session a hash of its own that opens nothing", () => {
    expect(shortHash("a")).toMatch(/^[\w-]{16}$/);
    expect(shortHash("a")).toBe(shortHash("a"));
    expect(shortHash("a")).not.toBe(shortHash("b"));
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("listener");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("listener");
      },
    ],
    [
      "throws nothing at all",
      () => {
        throw undefined;
      },
    ],
  ])("a listener that %s does not decide about the request", async (_, onEvent) => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const { sessions } = start({ onEvent: onEvent as () => void });
    const { commit } = visit(sessions, "session=rubbish", (session) => (session["a"] = 1));
    expect(commit.setCookie).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("go to node:diagnostics_channel too", () => {
    const seen: unknown[] = [];
    const listener = (event: unknown) => seen.push(event);
    subscribe("galleta:session", listener);
    const { sessions, events } = start();
    visit(sessions, "", (session) => (session["a"] = 1));
    unsubscribe("galleta:session", listener);
    visit(sessions, "", (session) => (session["a"] = 1));
    expect(seen).toEqual([events[0]]);
    expect(events).toHaveLength(2);
  });
});

describe("the console, where nobody listens", () => {
  const open = () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    return { warn, sessions: createSessions({ secretKey: KEY }) };
  };

  it("is told of refused cookies, without their value", () => {
    const { warn, sessions } = open();
    expect(sessions.open("session=the-value-of-the-cookie").session).toEqual({});
    expect(warn.mock.calls).toEqual([["[galleta] a session cookie was refused: length"]]);
  });

  it("is told of nothing that is usual", () => {
    const { warn } = open();
    const events = new Events(undefined);
    for (const type of [
      "created",
      "renewed",
      "destroyed",
      "expired",
      "rotated",
      "migrated",
      "oversize",
      "conflict",
      "revoked",
    ] as const) {
      events.emit(type, "id");
    }
    expect(warn).not.toHaveBeenCalled();
  });

  it("is told once in ten seconds for each reason, and how often since", () => {
    const { warn, sessions } = open();
    const attack = (cookie: string) => void sessions.open(cookie).session;
    for (let i = 0; i < 1000; i += 1) attack("session=short");
    attack(`session=${"!".repeat(100)}`);
    expect(warn).toHaveBeenCalledTimes(2);
    vi.setSystemTime(Date.now() + 9999);
    attack("session=short");
    expect(warn).toHaveBeenCalledTimes(2);
    vi.setSystemTime(Date.now() + 1);
    attack("session=short");
    expect(warn.mock.lastCall).toEqual([
      "[galleta] a session cookie was refused: length (and 1000 more)",
    ]);
    expect(warn).toHaveBeenCalledTimes(3);
  });

  it("a listener takes its place", () => {
    const { warn } = open();
    const events: SessionEvent[] = [];
    const sessions = createSessions({ secretKey: KEY, onEvent: (event) => events.push(event) });
    expect(sessions.open("session=rubbish").session).toEqual({});
    expect(events).toHaveLength(1);
    expect(warn).not.toHaveBeenCalled();
  });
});
