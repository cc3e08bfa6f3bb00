import { afterEach, beforeEach, describe as suite, expect, it, vi } from "vitest";
import { commitOf, KEY, nextCookie } from "@galleta/test-support/sessions";
import type { Sessions } from "./engine.ts";
import type { SessionOptions } from "./set-up.ts";
import type { SessionEvent } from "./session/event-types.ts";
import { authenticatedAt, describe, destroy, flash, renew } from "./session/functions.ts";
import { createSessions } from "./sessions.ts";

interface Data {
  user: string;
  n: number;
  cart: { items: string[] };
  [key: string]: unknown;
}

const events: SessionEvent[] = [];
const start = (options: Partial<SessionOptions> = {}) =>
  createSessions<Data>({ secretKey: KEY, onEvent: (event) => events.push(event), ...options });

/** Runs one request and returns the cookies that the next one sends. */
function request(
  sessions: Sessions<Data>,
  cookie: string,
  handler: (session: Partial<Data>) => void,
) {
  const context = sessions.open(cookie);
  handler(context.session);
  const commit = commitOf(context);
  return { commit, cookie: nextCookie(cookie, commit.setCookie) };
}

beforeEach(() => {
  events.length = 0;
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

suite("a session from cookie to cookie", () => {
  it("is sent when it changed, and read back", () => {
    const sessions = start();
    const first = request(sessions, "", (session) => {
      session.user = "alice";
    });
    expect(first.commit.setCookie).toHaveLength(1);
    expect(first.commit.setCookie[0]).toMatch(
      /^session=[\w-]+; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const second = request(sessions, first.cookie, (session) => {
      expect(session).toEqual({ user: "alice" });
    });
    expect(second.commit).toEqual({ accessed: true, setCookie: [], clearSiteData: undefined });
    expect(events.map(({ type }) => type)).toEqual(["created"]);
  });

  it("sends nothing untouched", () => {
    const context = start().open("session=rubbish");
    expect(context.commit()).toEqual({ accessed: false, setCookie: [] });
    expect(events).toEqual([]);
  });

  it("finds nested changes", () => {
    const sessions = start();
    const { cookie } = request(sessions, "", (session) => {
      session.cart = { items: ["a"] };
    });
    const next = request(sessions, cookie, (session) => {
      session.cart?.items.push("b");
    });
    expect(next.commit.setCookie).toHaveLength(1);
    request(sessions, next.cookie, (session) => {
      expect(session.cart).toEqual({ items: ["a", "b"] });
    });
  });

  it("deletes the cookie when all data is gone", () => {
    const sessions = start({ path: "/app", domain: "example.com" });
    const { cookie } = request(sessions, "", (session) => {
      session.n = 1;
    });
    const { commit } = request(sessions, cookie, (session) => {
      delete session.n;
    });
    expect(commit.setCookie).toEqual([
      "session=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/app; Domain=example.com; HttpOnly; SameSite=Lax",
    ]);
  });

  it("works encrypted", () => {
    const sessions = start({ encrypt: true });
    const { cookie } = request(sessions, "", (session) => {
      session.user = "alice";
    });
    expect(cookie).toMatch(/^session=Rg/);
    request(sessions, cookie, (session) => expect(session.user).toBe("alice"));
  });

  it("splits a large session into chunks, and deletes stale chunks", () => {
    const sessions = start({ chunks: 16_384 });
    const large = request(sessions, "", (session) => {
      session.user = "x".repeat(9000);
    });
    expect(large.commit.setCookie).toHaveLength(3);
    for (const line of large.commit.setCookie) {
      const [name, value] = [line.split("=")[0] ?? "", line.split("=")[1]?.split(";")[0] ?? ""];
      expect(name.length + value.length).toBeLessThanOrEqual(4096);
    }
    const small = request(sessions, large.cookie, (session) => {
      expect(session.user).toHaveLength(9000);
      session.user = "y";
    });
    expect(small.cookie.split("; ")).toHaveLength(1);
    request(sessions, `${small.cookie}; session.1=planted`, (session) =>
      expect(session.user).toBe("y"),
    );
  });

  it("throws for a cookie that browsers would drop, and names the large keys", () => {
    const context = start().open("");
    context.session.user = "x".repeat(5000);
    context.session.n = 1;
    expect(() => context.commit()).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_TOO_LARGE",
        message: expect.stringContaining('"user"'),
      }),
    );
    expect(context.commit()).toEqual({ accessed: true, setCookie: [] });
  });
});

suite("a write after the headers", () => {
  it.each<[string, (session: Partial<Data>) => void]>([
    ["a new key", (session) => (session.n = 2)],
    ["a known key", (session) => (session.user = "bob")],
    ["a deletion", (session) => delete session.user],
    ["a nested change", (session) => session.cart?.items.push("late")],
    ["renew", (session) => renew(session)],
    ["destroy", (session) => destroy(session)],
    ["flash", (session) => flash(session, "notice", "late")],
  ])("%s throws", (_, write) => {
    const context = start().open("");
    const { session } = context;
    session.user = "alice";
    session.cart = { items: [] };
    context.commit();
    expect(() => write(session)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }),
    );
    expect(session).toEqual({ user: "alice", cart: { items: [] } });
  });

  it("names update once the handshake was answered", () => {
    const context = start().open("");
    context.commit();
    context.handshakeSent();
    expect(() => (context.session.n = 1)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_HANDSHAKE_SENT",
        message: expect.stringContaining("update"),
      }),
    );
  });
});

suite("the functions", () => {
  it("renew changes the id and keeps the data; the old cookie is rejected", () => {
    const sessions = start();
    let [before, after] = ["", ""];
    const first = request(sessions, "", (session) => {
      session.user = "alice";
      before = describe(session).id;
    });
    const second = request(sessions, first.cookie, (session) => {
      renew(session);
      after = describe(session).id;
    });
    expect(after).not.toBe(before);
    request(sessions, second.cookie, (session) => {
      expect(session.user).toBe("alice");
      expect(describe(session).id).toBe(after);
    });
    request(sessions, first.cookie, (session) => expect(session).toEqual({}));
    expect(events.map(({ type }) => type)).toEqual(["created", "renewed", "revoked"]);
  });

  it("destroy ends the session, and later writes go to another one", () => {
    const sessions = start();
    const { cookie } = request(sessions, "", (session) => {
      session.user = "alice";
    });
    const next = request(sessions, cookie, (session) => {
      const { id } = describe(session);
      destroy(session);
      expect(session).toEqual({});
      flash(session, "notice", "Bye");
      expect(describe(session).id).not.toBe(id);
    });
    request(sessions, next.cookie, (session) => {
      expect(session).toEqual({});
      expect(flash(session, "notice")).toBe("Bye");
      expect(flash(session, "notice")).toBeUndefined();
    });
  });

  it("a slower request cannot bring a destroyed session back", () => {
    const sessions = start();
    const { cookie } = request(sessions, "", (session) => {
      session.user = "alice";
    });
    const slow = sessions.open(cookie);
    slow.session.n = 1;
    request(sessions, cookie, (session) => destroy(session));
    expect(commitOf(slow).setCookie).toEqual([]);
  });

  it("authenticatedAt is kept beside the data", () => {
    const sessions = start();
    const { cookie } = request(sessions, "", (session) => {
      authenticatedAt(session, new Date("2026-01-01T00:00:00Z"));
    });
    request(sessions, cookie, (session) => {
      expect(authenticatedAt(session)).toEqual(new Date("2026-01-01T00:00:00Z"));
      expect(session).toEqual({});
    });
  });
});

suite("two requests at once", () => {
  it("keep both changes, and emit an event for a conflict", () => {
    const sessions = start();
    const { cookie } = request(sessions, "", (session) => {
      session.user = "alice";
    });
    const [a, b] = [sessions.open(cookie), sessions.open(cookie)];
    a.session.n = 1;
    a.session.user = "anna";
    b.session.cart = { items: ["b"] };
    b.session.user = "bob";
    a.commit();
    const last = commitOf(b).setCookie[0]?.split(";")[0] ?? "";
    request(sessions, last, (session) => {
      expect(session).toEqual({ user: "bob", n: 1, cart: { items: ["b"] } });
    });
    // The browser kept the older of the two cookies. This process knows the newer revision.
    request(sessions, cookie, (session) => {
      expect(session).toEqual({ user: "bob", n: 1, cart: { items: ["b"] } });
    });
    expect(events.find(({ type }) => type === "conflict")?.keys).toEqual(["user"]);
  });
});

suite("Sessions.of", () => {
  const sessions = start();
  const { session } = sessions.open("");

  it.each(["context", "locals", "var", "request"])(
    "looks into %s, and checks whose it is",
    (place) => {
      expect(sessions.of({ session })).toBe(session);
      expect(sessions.of({ [place]: { session } })).toBe(session);
      const setUp = expect.objectContaining({ code: "ERR_SESSION_SETUP" });
      const others = [
        start().open("").session, // of other sessions
        { ...session },
        "text",
        undefined,
      ];
      for (const other of others) {
        expect(() => sessions.of({ [place]: { session: other } })).toThrow(setUp);
        expect(() => sessions.of({ session: other })).toThrow(setUp);
      }
    },
  );
});
