// csrf/ tests the cross-site rules themselves. This file tests how sessions use them.
import { describe, expect, it, vi } from "vitest";
import { facts, type RequestWords } from "@galleta/test-support/facts";
import { start, visit } from "@galleta/test-support/sessions";
import { csrfToken } from "./csrf/session-token.ts";
import { destroy, renew } from "./session/functions.ts";

const post = (words: RequestWords = {}) =>
  facts({ method: "POST", ...words, headers: { host: "example.com", ...words.headers } });
const nothing = async () => undefined;

describe("check", () => {
  it("denies another site, says why, and emits one event", () => {
    const { sessions, events } = start();
    const refusal = sessions.check(post({ headers: { "sec-fetch-site": "cross-site" } }));
    expect(refusal).toMatchObject({ status: 403, rule: expect.any(String) });
    expect(events).toMatchObject([{ type: "csrf", reason: (refusal as { rule: string }).rule }]);
    expect(sessions.check(post({ headers: { "sec-fetch-site": "same-origin" } }))).toBeUndefined();
    expect(sessions.check(facts({ headers: { "sec-fetch-site": "cross-site" } }))).toBeUndefined();
    expect(events).toHaveLength(1);
  });

  it("needs a token only with csrf: strict, and never of a browser", () => {
    expect(start().sessions.check(post())).toBeUndefined();
    const { sessions } = start({ csrf: "strict" });
    expect(sessions.check(post())).toBe("needs-token");
    expect(sessions.check(facts())).toBeUndefined();
    expect(sessions.check(post({ headers: { "sec-fetch-site": "same-origin" } }))).toBeUndefined();
  });
});

describe("checkHandshake", () => {
  it("denies another origin and emits an event", () => {
    const { sessions, events } = start();
    const from = (origin: string) => facts({ headers: { host: "example.com", origin } });
    expect(sessions.checkHandshake(from("http://evil.example"))).toMatchObject({ status: 403 });
    expect(sessions.checkHandshake(from("http://example.com"))).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(["csrf"]);
  });
});

describe("checkToken", () => {
  const session = () => {
    const started = start({ csrf: "strict" });
    let token = "";
    const { cookie } = visit(started.sessions, "", (each) => {
      each["user"] = "alice";
      token = csrfToken(each);
    });
    return { ...started, cookie, token };
  };
  const form = (body: string, type = "application/x-www-form-urlencoded") => ({
    request: post({ headers: { "content-type": type } }),
    read: vi.fn(async () => Buffer.from(body)),
  });

  it("accepts a valid token in the header, without reading the body", async () => {
    const { sessions, cookie, token } = session();
    const { read } = form("");
    const request = post({ headers: { "x-csrf-token": token } });
    expect(await sessions.checkToken(request, sessions.open(cookie), read)).toBeUndefined();
    expect(read).not.toHaveBeenCalled();
  });

  it("accepts a valid token in a form of either kind", async () => {
    const { sessions, cookie, token } = session();
    // As long as a browser's. Node 20 takes a short boundary for the end if a token contains it.
    const boundary = "----FormBoundary7MA4YWxkTrZu0gW";
    const multipart = `--${boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n${token}\r\n--${boundary}--\r\n`;
    for (const { request, read } of [
      form(`a=1&csrf_token=${token}`),
      form(multipart, `multipart/form-data; boundary=${boundary}`),
      form(`csrf_token=${token}`, "Application/X-WWW-Form-URLencoded; charset=utf-8"),
    ]) {
      expect(await sessions.checkToken(request, sessions.open(cookie), read)).toBeUndefined();
    }
  });

  it("does not read a body that is not a form", async () => {
    const { sessions, cookie, token } = session();
    for (const type of ["application/json", "text/plain", "x/application/x-www-form-urlencoded"]) {
      const { request, read } = form(`csrf_token=${token}`, type);
      const refusal = await sessions.checkToken(request, sessions.open(cookie), read);
      expect(refusal).toMatchObject({ rule: "token-missing" });
      expect(read).not.toHaveBeenCalled();
    }
  });

  it("denies a session without a token, or with a wrong one, and emits an event", async () => {
    const { sessions, cookie, token, events } = session();
    const other = session();
    events.length = 0;
    const ask = (headers: Record<string, string>, header = cookie) =>
      sessions.checkToken(post({ headers }), sessions.open(header), nothing);
    expect(await ask({})).toMatchObject({ status: 403, rule: "token-missing" });
    for (const wrong of [other.token, token.slice(0, -1), `${token}A`, "", `${token}, ${token}`]) {
      const refusal = await ask({ "x-csrf-token": wrong });
      expect(refusal).toMatchObject({ status: 403, rule: "token-invalid" });
    }
    expect(events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      "csrf token-missing",
      ...Array.from({ length: 5 }, () => "csrf token-invalid"),
    ]);
  });

  it("denies a token from before the login, and one of a session that ended", async () => {
    const { sessions, cookie, token } = session();
    const request = post({ headers: { "x-csrf-token": token } });
    const next = visit(sessions, cookie, (each) => renew(each));
    const refusal = await sessions.checkToken(request, sessions.open(next.cookie), nothing);
    expect(refusal).toMatchObject({ rule: "token-invalid" });
    visit(sessions, next.cookie, (each) => destroy(each));
    // The session has ended, so nothing can be abused.
    expect(await sessions.checkToken(request, sessions.open(next.cookie), nothing)).toBeUndefined();
  });

  it("needs no token without a session", async () => {
    const { sessions } = session();
    for (const header of ["", "session=rubbish", "other=1"]) {
      expect(await sessions.checkToken(post(), sessions.open(header), nothing)).toBeUndefined();
    }
  });
});

it("isSecure reads a proxy's headers only with trustProxy", () => {
  const request = facts({ headers: { host: "a", "x-forwarded-proto": "https" } });
  expect(start().sessions.isSecure(request)).toBe(false);
  expect(start({ trustProxy: 1 }).sessions.isSecure(request)).toBe(true);
  expect(start().sessions.isSecure(facts({ encrypted: true }))).toBe(true);
});
