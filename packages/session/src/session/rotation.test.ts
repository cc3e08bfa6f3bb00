// Changing keys, and changing between signed and encrypted, without logging users out.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readSetCookie, start, valueOf, visit } from "@galleta/test-support/sessions";
import { csrfToken, verifyToken } from "../csrf/session-token.ts";
import { describe as describeSession } from "./functions.ts";

const OLD = "the old key, which has more than 32 characters";
const NEW = "the new key, which has more than 32 characters";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([{ encrypt: false }, { encrypt: true }])("a new key, %j", (kind) => {
  const options = {
    ...kind,
    path: "/app",
    domain: "example.com",
    httpsOnly: true,
    sameSite: "strict",
    partitioned: true,
    maxAge: 1000,
  } as const;
  const before = start({ ...options, secretKey: OLD });
  const both = () => start({ ...options, secretKey: [NEW, OLD] });
  const after = start({ ...options, secretKey: NEW });
  const login = () => visit(before.sessions, "", (session) => (session["user"] = "alice"));

  it("re-issues on the next access, and keeps attributes, id and beginning", () => {
    const { sessions, events } = both();
    const old = login();
    vi.setSystemTime(Date.now() + 10_000);
    const told: object[] = [];
    const next = visit(sessions, old.cookie, (session) => {
      expect(session["user"]).toBe("alice");
      told.push(describeSession(session));
    });
    const [line = ""] = next.commit.setCookie;
    const [oldLine = ""] = old.commit.setCookie;
    expect(readSetCookie(line).attributes).toEqual(readSetCookie(oldLine).attributes);
    expect(events).toMatchObject([{ type: "rotated", keyIndex: 1 }]);

    const again = visit(sessions, next.cookie, (session) => told.push(describeSession(session)));
    expect(again.commit.setCookie).toEqual([]);
    expect(events).toHaveLength(1);
    const [first, second] = told as ReturnType<typeof describeSession>[];
    expect(second).toMatchObject({ id: first?.id, createdAt: first?.createdAt, isNew: false });
    expect(first?.keyId).toMatch(/^[0-9a-f]{8}$/);
    expect(second?.keyId).not.toBe(first?.keyId);
    visit(after.sessions, next.cookie, (session) => expect(session["user"]).toBe("alice"));
  });

  it("costs an untouched session nothing", () => {
    const { sessions, events } = both();
    const context = sessions.open(login().cookie);
    expect(context.commit()).toEqual({ accessed: false, setCookie: [] });
    expect(events).toEqual([]);
  });

  it("signs with the newest only: the old key opens nothing new", () => {
    const { cookie } = visit(both().sessions, "", (session) => (session["user"] = "bob"));
    visit(after.sessions, cookie, (session) => expect(session["user"]).toBe("bob"));
    visit(before.sessions, cookie, (session) => expect({ ...session }).toEqual({}));
    expect(before.events.at(-1)).toMatchObject({ type: "rejected", reason: "key" });
  });

  it("ends the old key's sessions once the key is removed", () => {
    visit(after.sessions, login().cookie, (session) => expect({ ...session }).toEqual({}));
    expect(after.events.at(-1)).toMatchObject({ type: "rejected", reason: "key" });
  });

  it("keeps CSRF tokens of the old key", () => {
    let token = "";
    const { cookie } = visit(before.sessions, "", (session) => {
      session["a"] = 1;
      token = csrfToken(session);
    });
    visit(both().sessions, cookie, (session) => expect(verifyToken(session, token)).toBe(true));
    visit(after.sessions, cookie, (session) => expect(verifyToken(session, token)).toBe(false));
  });
});

describe("signed and encrypted", () => {
  const accept = ["signed", "encrypted"] as const;
  const kindOf = (cookie: string) => Buffer.from(valueOf(cookie), "base64url").toString()[0];

  it.each([
    [false, true],
    [true, false],
  ])("encrypt: %s to %s, with both accepted, keeps users logged in", (from, to) => {
    const old = visit(start({ encrypt: from }).sessions, "", (session) => (session["a"] = 1));
    const { sessions } = start({ encrypt: to, accept });
    const next = visit(sessions, old.cookie, (session) => expect(session["a"]).toBe(1));
    expect(next.commit.setCookie).toHaveLength(1);
    expect([kindOf(old.cookie), kindOf(next.cookie)]).toEqual(to ? ["S", "F"] : ["F", "S"]);
    const again = visit(sessions, next.cookie, (session) => expect(session["a"]).toBe(1));
    expect(again.commit.setCookie).toEqual([]);
  });

  it.each([
    [false, true],
    [true, false],
  ])("encrypt: %s to %s is rejected without that option", (from, to) => {
    const old = visit(start({ encrypt: from }).sessions, "", (session) => (session["a"] = 1));
    const { sessions, events } = start({ encrypt: to });
    visit(sessions, old.cookie, (session) => expect({ ...session }).toEqual({}));
    expect(events).toMatchObject([{ type: "rejected", reason: "version" }]);
  });

  it("encrypted hides the data, signed does not", () => {
    const write = (encrypt: boolean) =>
      valueOf(visit(start({ encrypt }).sessions, "", (s) => (s["user"] = "alice")).cookie);
    expect(Buffer.from(write(false), "base64url").toString("latin1")).toContain("alice");
    expect(Buffer.from(write(true), "base64url").toString("latin1")).not.toContain("alice");
  });
});
