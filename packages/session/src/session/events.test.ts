import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KEY, start, valueOf, visit } from "@galleta/test-support/sessions";
import { facts } from "@galleta/test-support/facts";
import { createSessions } from "../sessions.ts";
import type { SessionEvent } from "./event-types.ts";
import { describeFailure, Events } from "./events.ts";
import { describe as describeSession, destroy, renew } from "./functions.ts";
import { shortHash } from "./hash.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const SEE = "See https://galleta.js.org/inspect#why-a-cookie-is-rejected";

describe("events", () => {
  it("name the session by a hash of its id", () => {
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

  it("give each session its own hash, which is not a credential", () => {
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
  ])("do not fail a request when a listener %s", async (_, onEvent) => {
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

describe("an event", () => {
  const emitted = (type: string, facts?: object) => {
    const events: SessionEvent[] = [];
    new Events((event) => void events.push(event)).emit(type as "login", "id", facts as never);
    return events[0] as unknown as Record<string, unknown>;
  };

  it("has a user and an error that no log shows by itself", () => {
    const error = new Error("with data of a session");
    const event = emitted("login", { handle: "h", user: "ana", error });
    expect([event["user"], event["error"]]).toEqual(["ana", error]);
    expect(Object.keys(event)).toEqual(["type", "at", "session", "handle"]);
    expect(Object.getOwnPropertyNames(emitted("login"))).toEqual(["type", "at", "session"]);
  });
});

describe("the description of a failure", () => {
  const lost = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" });
  it.each<[string, unknown, unknown, string | undefined, string]>([
    ["an error with a code", lost, lost, "ECONNREFUSED", "ECONNREFUSED"],
    ["the cause of an error", new Error("outer", { cause: lost }), lost, "ECONNREFUSED", "ECONNR"],
    ["a cause that is text", new TypeError("outer", { cause: "x" }), undefined, undefined, "TypeE"],
    [
      "a code that is a number",
      Object.assign(new Error("x"), { code: 7 }),
      undefined,
      undefined,
      "Error",
    ],
    ["capitals inside a message", new Error("this is NOAUTH here"), undefined, undefined, "Error"],
    ["a code of Redis", new Error("NOAUTH"), undefined, "NOAUTH", "NOAUTH"],
    ["no error at all", undefined, undefined, undefined, "an error"],
    ["an object with a cause", { cause: lost }, undefined, undefined, "an error"],
  ])("names %s", (_, failure, error, code, shown) => {
    const described = describeFailure("The store", failure);
    expect(described.error).toBe(error ?? failure);
    expect("code" in described).toBe(code !== undefined);
    expect(described.code).toBe(code);
    expect(described.message).toContain(`The store failed with ${shown}`);
  });
});

describe("the console, without a listener", () => {
  const open = () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    return { warn, sessions: createSessions({ secretKey: KEY }) };
  };

  it("shows rejected cookies, without their value", () => {
    const { warn, sessions } = open();
    expect(sessions.open("session=the-value-of-the-cookie").session).toEqual({});
    expect(warn.mock.calls).toEqual([[`[galleta] a session cookie was rejected: length. ${SEE}`]]);
  });

  it("names another framework's cookie, and how to read it", () => {
    const { warn, sessions } = open();
    const neighbours = {
      "Fe26.2*1*aa*bb*cc**dd*ee~2": "ironSession",
      eyJ1c2VyIjoiYW5hIn0: "cookieSession",
      "abc%2Bdef%3D--iviviv%3D%3D--tagtag%3D%3D": "rails",
      "eyJhIjogMX0:1wAbCd:ZmFrZWZha2VmYWtlZmFrZWZha2VmYWtlZmFrZWZha2VmYWs": "django",
      "s%3Asid.signature%2B": "sessionCookie",
    };
    for (const [value, reader] of Object.entries(neighbours)) {
      warn.mockClear();
      vi.setSystemTime(Date.now() + 10_000);
      void sessions.open(`session=${value}`).session;
      expect(warn.mock.calls).toEqual([[expect.stringContaining(reader)]]);
      expect(warn.mock.calls[0]?.[0]).not.toContain(value);
    }
  });

  it("shows the Origin, the expected origin and the remedy for a denied request", () => {
    const { warn, sessions } = open();
    const headers = { host: "localhost:8000", origin: "http://localhost:5173" };
    sessions.check(facts({ method: "POST", target: "/todos?token=secret", headers }));
    expect(warn.mock.lastCall).toEqual([
      "[galleta] POST /todos denied: Origin http://localhost:5173; this site is http://localhost:8000 (different port). The Origin is not this site. Behind a proxy, set trustProxy. To accept another site, add its origin to trustedOrigins.",
    ]);
  });

  it("shows the difference of the origins for a denied handshake", () => {
    const { warn, sessions } = open();
    const headers = { host: "app.example", origin: "https://app.example" };
    sessions.checkHandshake(facts({ target: "/feed", headers }));
    expect(warn.mock.lastCall?.[0]).toMatch(
      /^\[galleta\] WebSocket handshake \/feed denied: Origin https:\/\/app\.example; this site is http:\/\/app\.example \(different scheme\)\..*trustProxy/,
    );
  });

  it("shows a denied handshake right after a denied request of the same rule", () => {
    const { warn, sessions } = open();
    const headers = { host: "app.example", origin: "https://app.example" };
    for (let count = 0; count < 3; count += 1) {
      sessions.check(facts({ method: "POST", target: "/login", headers }));
      sessions.checkHandshake(facts({ target: "/feed", headers }));
    }
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("POST /login denied")],
      [expect.stringContaining("WebSocket handshake /feed denied")],
    ]);
  });

  it("reports a wrong Host as a separate event", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const sessions = createSessions({ secretKey: KEY, allowedHosts: ["app.example"] });
    sessions.check(facts({ method: "POST", headers: { host: "other.example" } }));
    expect(warn.mock.lastCall).toEqual([
      "[galleta] POST / denied: Host other.example. This Host is not an allowed host. Add it to allowedHosts.",
    ]);
  });

  it.each([
    ["NOAUTH Authentication required.", "NOAUTH"],
    ["READONLY You can't write against a read only replica.", "READONLY"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "OOM"],
    ["Connection is closed.", undefined],
  ])("shows the store's code: %s", async (text, code) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const failure = Object.assign(new Error(text), { command: { args: ["data of a session"] } });
    const fail = () => Promise.reject(failure);
    const store = { get: fail, set: fail, delete: fail };
    const events: SessionEvent[] = [];
    const seen = (event: unknown) => events.push(event as SessionEvent);
    subscribe("galleta:session", seen);
    const sessions = createSessions({ secretKey: KEY, store, storage: "store" });
    const context = sessions.open("");
    context.session["user"] = "ana";
    await expect(context.commit()).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    unsubscribe("galleta:session", seen);
    expect(events).toMatchObject([{ type: "store", error: failure, ...(code && { code }) }]);
    expect(JSON.stringify(events)).not.toContain("data of a session");
    expect(warn.mock.lastCall?.[0]).toContain(`failed with ${code ?? "Error"}`);
  });

  it("prints no text that controls a terminal, and no endless text", () => {
    const { warn, sessions } = open();
    const headers = { host: "a.example", origin: `\u001b[2J${"x".repeat(100_000)}` };
    sessions.check(facts({ method: "POST", target: `/${"y".repeat(100_000)}`, headers }));
    const text = String(warn.mock.lastCall?.[0]);
    expect(text).not.toContain("\u001b");
    expect(text.length).toBeLessThan(800);
  });

  it("shows nothing usual", () => {
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
      events.emit(type as "created", "id");
    }
    expect(warn).not.toHaveBeenCalled();
  });

  it("shows each reason once in ten seconds, and how often it came since", () => {
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
      `[galleta] a session cookie was rejected: length. ${SEE} (and 1000 more)`,
    ]);
    expect(warn).toHaveBeenCalledTimes(3);
  });

  it("is replaced by a listener", () => {
    const { warn } = open();
    const events: SessionEvent[] = [];
    const sessions = createSessions({ secretKey: KEY, onEvent: (event) => events.push(event) });
    expect(sessions.open("session=rubbish").session).toEqual({});
    expect(events).toHaveLength(1);
    expect(warn).not.toHaveBeenCalled();
  });
});
