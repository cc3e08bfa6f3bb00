import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { facts, type RequestWords } from "@galleta/test-support/facts";
import { commitOf, start, visit, type Anything } from "@galleta/test-support/sessions";
import { destroy, flash, renew } from "./functions.ts";
import type { SessionCookieOptions } from "./options.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a request that comes after its session ended", () => {
  /** Ends a session, and writes into it some seconds later. */
  function writeAfter(
    seconds: number,
    end: (session: Anything) => void,
    write: (session: Anything) => void = (session) => void (session["cart"] = 1),
  ) {
    const { sessions, events } = start();
    const { cookie } = visit(sessions, "", (session) => (session["user"] = "ana"));
    visit(sessions, cookie, end);
    events.length = 0;
    vi.setSystemTime(Date.now() + seconds * 1000);
    const { commit } = visit(sessions, cookie, write);
    return { setCookie: commit.setCookie, events, types: events.map(({ type }) => type) };
  }

  it.each([renew, destroy])("writes nothing in the first minute: %o", (end) => {
    for (const seconds of [0, 60]) {
      const { setCookie, events } = writeAfter(seconds, end);
      expect(setCookie).toEqual([]);
      expect(events).toMatchObject([
        { type: "revoked" },
        { type: "dropped", session: undefined, reason: "late", keys: ["cart"] },
      ]);
      expect(events[1]?.message).toContain("renewed or ended a moment ago");
    }
  });

  it("begins a new session after the first minute", () => {
    const { setCookie, types } = writeAfter(61, renew);
    expect([setCookie.length, types]).toEqual([1, ["revoked", "created"]]);
  });

  it("begins a new session with renew, and ends the old one with destroy", () => {
    const renewing = writeAfter(0, destroy, (session) => {
      renew(session);
      session["user"] = "eva";
    });
    expect([renewing.setCookie.length, renewing.types]).toEqual([1, ["revoked", "created"]]);
    const ending = writeAfter(0, renew, (session) => {
      destroy(session);
      session["bye"] = 1;
    });
    expect([ending.setCookie.length, ending.types]).toEqual([1, ["revoked", "created"]]);
  });

  it("is only reported if it writes, and its event names three keys at most", () => {
    expect(writeAfter(0, renew, () => undefined).types).toEqual(["revoked"]);
    const message = writeAfter(0, renew, (session) => void flash(session, "notice", "Hello"));
    expect(message.events[1]).toMatchObject({ type: "dropped", keys: [] });
    const many = writeAfter(0, renew, (session) => {
      Object.assign(session, { a: 1, b: 2, c: 3, d: 4 });
    });
    expect(many.events[1]).toMatchObject({ type: "dropped", keys: ["a", "b", "c"] });
  });
});

describe("a write of a request from another site, which comes without the cookie,", () => {
  const cross = { "sec-fetch-site": "cross-site" };
  const write = (
    words: RequestWords,
    sameSite: SessionCookieOptions["sameSite"] = "lax",
    cookie = "",
  ) => {
    const { sessions, events } = start({ sameSite, httpsOnly: true });
    const headers = { host: "shop.example", ...words.headers };
    const context = sessions.open(cookie, facts({ encrypted: true, ...words, headers }));
    context.session["paid"] = true;
    const isSet = commitOf(context).setCookie.length > 0;
    const dropped = events.find(({ type }) => type === "dropped");
    expect(dropped === undefined).toBe(isSet);
    return dropped?.reason ?? "saved";
  };

  it.each<[string, SessionCookieOptions["sameSite"], string]>([
    ["POST", "lax", "held-back"],
    ["GET", "lax", "saved"],
    ["HEAD", "lax", "saved"],
    ["POST", "strict", "held-back"],
    ["GET", "strict", "held-back"],
    ["POST", "none", "saved"],
  ])("%s with SameSite %s: %s", (method, sameSite, outcome) => {
    expect(write({ method, headers: cross }, sameSite)).toBe(outcome);
  });

  it("says what to do", () => {
    const { sessions, events } = start();
    const context = sessions.open("", facts({ method: "POST", headers: cross }));
    context.session["paid"] = true;
    commitOf(context);
    expect(events[0]?.message).toMatch(/SameSite.*renew\(\)/);
  });

  it.each(["same-origin", "same-site", "none"])("is saved with Sec-Fetch-Site: %s", (site) => {
    const headers = { "sec-fetch-site": site, origin: "https://other.example" };
    expect(write({ method: "POST", headers })).toBe("saved");
  });

  it("is saved if the browser sent a cookie, and without facts about the request", () => {
    expect(write({ method: "POST", headers: cross }, "lax", "session=rejected")).toBe("saved");
    const { sessions } = start();
    expect(visit(sessions, "", (session) => (session["a"] = 1)).commit.setCookie).toHaveLength(1);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ["held-back", "https://other.test", "shop.example"],
    ["held-back", "http://other.test", "shop.example"],
    ["held-back", "https://other.example", "shop.example"],
    ["saved", "https://shop.example", "shop.example"],
    ["saved", "https://pay.shop.example", "shop.example"],
    ["saved", "https://shop.example", "www.shop.example"],
    ["saved", undefined, "shop.example"],
    ["saved", "null", "shop.example"],
    ["saved", "app+https://other.test", "shop.example"],
    ["saved", "https://", "shop.example"],
    ["saved", "https://other.test", "not a host"],
  ])("is %s by the Origin %s of an older browser, at %s", (outcome, origin, host) => {
    expect(write({ method: "POST", headers: { origin, host } })).toBe(outcome);
  });
});

/** Changes a session in a request, and returns the events about dropped cookies. */
function dropped(
  options: object,
  headers: Record<string, string>,
  encrypted = false,
  change: (session: Anything) => void = (session) => (session["user"] = "ann"),
  cookies = 1,
  cookie = "",
) {
  const { sessions, events } = start(options);
  const request = facts({ method: "POST", target: "/login", headers, encrypted });
  const context = sessions.open(cookie, request);
  change(context.session);
  expect(commitOf(context).setCookie).toHaveLength(cookies);
  return events.filter(({ type }) => type === "dropped");
}

const page = (host: string, scheme = "http") => ({ host, origin: `${scheme}://${host}` });

describe("a Secure cookie for a page that came over http", () => {
  it("is reported, because the browser drops it", () => {
    expect(dropped({ httpsOnly: true }, page("example.com:8000"))).toMatchObject([
      {
        reason: "insecure",
        keys: ["user"],
        message: expect.stringContaining('`httpsOnly: "auto"`') as string,
      },
    ]);
  });

  it.each([
    ["this machine", page("localhost:8000")],
    ["this machine, by its address", page("127.0.0.1:8000")],
    ["this machine, by its address of IPv6", page("[::1]:8000")],
    ["this machine, by a name below localhost", page("shop.localhost:8000")],
    ["a page over https, behind a proxy", page("example.com", "https")],
    ["a page of another host", { host: "api.example.com", origin: "http://example.com" }],
    ["a program, which sends no Origin", { host: "example.com" }],
  ])("is not reported for %s", (_name, headers) => {
    expect(dropped({ httpsOnly: true }, headers)).toEqual([]);
  });

  it.each<[string, number, (session: Anything) => void]>([
    ["only read its session", 0, (session) => void session["user"]],
    ["left its session empty", 0, (session) => (session["user"] = undefined)],
    ["deleted a cookie", 1, destroy],
  ])("is not reported if the request %s", (_name, cookies, change) => {
    const { cookie } = visit(start().sessions, "", (session) => (session["user"] = "ana"));
    const sent = change === destroy ? cookie : "";
    const options = { httpsOnly: true };
    expect(dropped(options, page("example.com"), false, change, cookies, sent)).toEqual([]);
  });

  it("is reported for a host whose name only looks like this machine's", () => {
    for (const host of ["localhost.example.com", "notlocalhost"]) {
      expect(dropped({ httpsOnly: true }, page(host))).toHaveLength(1);
    }
  });

  it("is not reported if the request came over TLS, or the cookie is not Secure", () => {
    expect(dropped({ httpsOnly: true }, page("example.com"), true)).toEqual([]);
    expect(dropped({ httpsOnly: "auto" }, page("example.com"))).toEqual([]);
  });
});
