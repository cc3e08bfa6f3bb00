import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SessionOptions, createSessions } from "@galleta/session";
import { starlette } from "@galleta/session/formats/starlette";
import { applyCommit } from "@galleta/session/adapter";
import { memoryStore } from "@galleta/session";
import { createKeyRing } from "@galleta/session/internals";
import { encryptToken, newSessionId } from "../../../session/src/token/token.ts";
import { sentBack, tampered, vectors } from "@galleta/test-support/formats";
import { inspectCookies } from "./inspect.ts";

const NOW = 1_735_689_600_000;
const KEY = "a-test-key-that-is-long-enough-0123456789";

/** Makes the cookie that a real engine sets now. */
function issue(options: Partial<SessionOptions>, data: object): string[] {
  const sessions = createSessions({ secretKey: KEY, onEvent: () => undefined, ...options });
  const context = sessions.open("");
  context.session = { ...data };
  const headers = new Headers();
  const commit = context.commit();
  if (commit instanceof Promise) throw new Error("There is no store here.");
  applyCommit(commit, headers);
  return headers.getSetCookie();
}
const only = (text: string, options = {}) => {
  const reports = inspectCookies(text, options);
  expect(reports).toHaveLength(1);
  return reports[0]!;
};
const pairOf = (setCookie: string) => setCookie.split(";", 1)[0]!;

interface Vector {
  readonly secret: string;
  readonly value: string;
  readonly payload: object;
}

describe("a Galleta token", () => {
  const [setCookie = ""] = issue({}, { user: "alice" });
  const pair = pairOf(setCookie);

  it("is valid with its key", () => {
    const report = only(pair, { secretKey: ["another-key", KEY] });
    expect(report).toMatchObject({
      name: "session",
      format: "galleta",
      kind: "signed",
      status: "valid",
      data: { user: "alice" },
      dataIsVerified: true,
      revision: 1,
      keyIndex: 1,
      size: pair.length - 1,
      remarks: [
        "An old key verified the cookie. The server will replace the cookie by one that is made with the first key.",
      ],
    });
    expect(report.expiresAt!.getTime() - report.issuedAt!.getTime()).toBe(14 * 86_400_000);
  });
  it("is decoded without a key, and marked as unverified", () => {
    const report = only(pair);
    expect(report).toMatchObject({ status: "unverified", data: { user: "alice" } });
    expect(report.dataIsVerified).toBe(false);
    expect(report.fields!.map(({ text }) => text).join("")).toBe(pair.slice("session=".length));
  });
  it("is rejected with another key, and when changed anywhere", () => {
    expect(only(pair, { secretKey: "another" })).toMatchObject({
      status: "rejected",
      reason: "key",
    });
    const value = pair.slice("session=".length);
    for (let i = 0; i < value.length; i += 1) {
      const other = value[i] === "A" ? "B" : "A";
      const changed = `session=${value.slice(0, i)}${other}${value.slice(i + 1)}`;
      expect(only(changed, { secretKey: KEY }).status).not.toBe("valid");
    }
  });
  it("is bound to its name", () => {
    const value = pair.slice("session=".length);
    expect(only(value, { secretKey: KEY })).toMatchObject({ status: "valid", name: "session" });
    const wrong = only(value, { secretKey: KEY, name: "other" });
    expect(wrong).toMatchObject({ status: "rejected", reason: "mac" });
    const hardened = pairOf(issue({ hardened: true }, { user: 1 })[0]!);
    const bare = hardened.slice("__Host-session=".length);
    expect(only(bare, { secretKey: KEY })).toMatchObject({
      status: "valid",
      kind: "encrypted",
      name: "__Host-session",
    });
  });
  it("has its times checked even without a key", () => {
    const later = Date.now() + 15 * 86_400_000;
    expect(only(pair, { now: later })).toMatchObject({ status: "rejected", reason: "expired" });
    const report = only(pair, { now: later, secretKey: KEY });
    expect(report).toMatchObject({
      status: "rejected",
      reason: "expired",
      data: { user: "alice" },
    });
    const before = Date.now() - 3_600_000;
    expect(only(pair, { now: before, secretKey: KEY })).toMatchObject({ reason: "future" });
  });
  it("does not show encrypted data without a key", () => {
    const secret = pairOf(issue({ encrypt: true }, { user: "alice" })[0]!);
    const locked = only(secret);
    expect(locked).toMatchObject({ status: "unverified", kind: "encrypted" });
    expect(locked.data).toBeUndefined();
    expect(JSON.stringify(locked)).not.toContain("alice");
    expect(only(secret, { secretKey: KEY })).toMatchObject({ data: { user: "alice" } });
  });
  it("may be split over several cookies", () => {
    const big = { list: "x".repeat(7000) };
    const header = issue({ chunks: 16_384 }, big).map(pairOf).join("; ");
    const report = only(`Cookie: ${header}`, { secretKey: KEY });
    expect(report).toMatchObject({ status: "valid", data: big });
    expect(report.cookies).toEqual(["session", "session.1", "session.2"]);
    expect(only(`Cookie: ${header}; session.3=stale`, { secretKey: KEY })).toMatchObject({
      status: "valid",
      data: big,
    });
    const others = inspectCookies(`Cookie: ${header}; a=1; a.1=2; a.sig=3`, { secretKey: KEY });
    expect(others.map(({ name }) => name)).toEqual(["session", "a", "a.1"]);
  });
  it("may have its data in a store", async () => {
    const sessions = createSessions({ secretKey: KEY, store: memoryStore(), storage: "store" });
    const context = sessions.open("");
    context.session = { user: "alice" } as never;
    const { setCookie } = await context.commit();
    const report = only(pairOf(setCookie[0]!), { secretKey: KEY });
    expect(report).toMatchObject({ status: "valid", isStored: true });
    expect(report.data).toBeUndefined();
  });
  it("is distinguished from a ticket, if the key is known", () => {
    const now = Math.floor(NOW / 1000);
    const ring = createKeyRing([Buffer.from(KEY)], "session");
    const content = { sid: newSessionId(), rev: 3, json: '{"user":"alice"}' };
    const ticket = encryptToken({ ...content, born: now, iat: now, exp: now + 60 }, ring, "ticket");
    expect(only(ticket, { now: NOW })).toMatchObject({ kind: "encrypted", status: "unverified" });
    const report = only(ticket, { now: NOW, secretKey: KEY });
    expect(report).toMatchObject({ kind: "ticket", status: "valid", revision: 3 });
    expect(report.remarks[0]).toMatch(/^It is a ticket/);
  });
  it("shows metadata", () => {
    const v1 = vectors<{ cookie_name: string; with_metadata: { signed: string } }>("galleta-v1");
    const report = only(`${v1.cookie_name}=${v1.with_metadata.signed}`, { now: NOW });
    expect(report.metadata).toMatchObject({ flash: { notice: "Saved" } });
    expect(report.data).toEqual({ user: "alice" });
  });
  it("is rejected when there are two", () => {
    const other = pairOf(issue({}, { user: "mallory" })[0]!);
    expect(only(`${pair}; ${other}`, { secretKey: KEY })).toMatchObject({
      status: "rejected",
      reason: "duplicate",
    });
    expect(only(`${pair}; ${pair}`, { secretKey: KEY })).toMatchObject({ status: "valid" });
  });
  it("reports how browsers handle its attributes", () => {
    const report = only(`Set-Cookie: ${setCookie}`, { secretKey: KEY });
    expect(report.attributes).toContain("HttpOnly");
    expect(report.remarks).toEqual(["Without Secure, the cookie also travels over plain HTTP."]);
    expect(only(`Set-Cookie: ${pair}; Max-Age=0`).remarks).toEqual([
      "This Set-Cookie deletes the cookie.",
    ]);
  });
});

describe("a cookie of another framework", () => {
  const read = (name: string) => vectors<Vector>(name);
  const rails = vectors<{ secret_key_base: string; value: string }>("rails");
  const iron = vectors<{ password: string; value: string; payload: object }>("iron-session");
  const express = vectors<{ secret: string; value: string; sig: string; payload: object }>(
    "cookie-session",
  );
  const django = vectors<{ secret: string; big: { value: string; payload: object } }>("django");
  const flask = vectors<{ secret: string; small: { value: string }; big: { value: string } }>(
    "flask",
  );

  it.each([
    [
      "starlette",
      `session=${read("starlette").value}`,
      read("starlette").secret,
      read("starlette").payload,
    ],
    ["flask", `session=${flask.small.value}`, flask.secret, { user: "alice", n: 1 }],
    ["flask", `session=${flask.big.value}`, flask.secret, { user: "alice" }],
    ["django", `sessionid=${django.big.value}`, django.secret, django.big.payload],
    [
      "cookie-session",
      `session=${express.value}; session.sig=${express.sig}`,
      express.secret,
      express.payload,
    ],
  ])("of %s is read without a key and verified with one", (format, text, secretKey, data) => {
    expect(only(text, { now: NOW })).toMatchObject({ format, status: "unverified", data });
    const options = { now: NOW, secretKey: ["wrong", secretKey] };
    expect(only(text, options)).toMatchObject({ format, status: "valid", keyIndex: 1, data });
    expect(only(text, { now: NOW, secretKey: "wrong" })).toMatchObject({
      status: "rejected",
      reason: "mac",
    });
  });
  it.each([
    ["rails", `_app_session=${rails.value}`, rails.secret_key_base],
    ["iron-session", `auth=${iron.value}`, iron.password],
  ])("of %s is not read without a key", (format, text, secretKey) => {
    const locked = only(text, { now: NOW });
    expect(locked).toMatchObject({ format, status: "unverified" });
    expect(locked.data).toBeUndefined();
    const report = only(text, { now: NOW, secretKey });
    expect(report).toMatchObject({ status: "valid", data: { user: "alice" } });
    const wrong = only(text, { now: NOW, secretKey: "w".repeat(40) });
    expect(wrong.status).toBe("rejected");
    expect(only(text, { now: NOW, secretKey: "short" })).toMatchObject({ status: "rejected" });
  });
  it("of Django is recognised by its value alone", () => {
    expect(only(django.big.value, { now: NOW, secretKey: django.secret })).toMatchObject({
      status: "valid",
      name: undefined,
    });
  });
  it("of cookie-session is rejected without its signature", () => {
    const report = only(`session=${express.value}`, { secretKey: express.secret });
    expect(report).toMatchObject({ status: "rejected", reason: "mac" });
  });
  it("expires after its framework's default, or after the option", () => {
    const text = `session=${read("starlette").value}`;
    const later = NOW + 20 * 86_400_000;
    const secretKey = read("starlette").secret;
    expect(only(text, { now: later, secretKey })).toMatchObject({ reason: "expired" });
    expect(only(text, { now: later })).toMatchObject({ reason: "expired" });
    expect(only(text, { now: later, secretKey, maxAge: 30 * 86_400 }).status).toBe("valid");
    expect(only(text, { now: later, secretKey, maxAge: null }).status).toBe("valid");
  });
  it("is rejected with a change anywhere", () => {
    const { value, secret } = read("starlette");
    for (const changed of tampered(value)) {
      // White space around a value does not belong to it (RFC 6265 §5.2).
      if (changed.trim() === value) continue;
      for (const report of inspectCookies(`session=${changed}`, { now: NOW, secretKey: secret })) {
        expect(report.status).not.toBe("valid");
      }
    }
  });
  it("of Starlette is distinguished from Flask's, whatever it contains", () => {
    const format = starlette({ secretKey: KEY });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }), (data) => {
        const value = sentBack(format.write(data, NOW / 1000, null)).get("session")!;
        expect(only(value, { now: NOW, secretKey: KEY })).toMatchObject({ format: "starlette" });
      }),
    );
  });
});

describe("anything else", () => {
  it.each([
    ["", 0],
    ["theme=dark", 1],
    ["Cookie: ", 0],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", 1],
    ["connect.sid=s%3AabcDEF.sig", 1],
    [`session=${"A".repeat(20_000)}`, 1],
  ])("%.40s is unknown", (text, count) => {
    const reports = inspectCookies(text, { secretKey: KEY });
    expect(reports.map(({ status }) => status)).toEqual(
      Array.from({ length: count }, () => "unknown"),
    );
  });
  it("gets its name if it is known", () => {
    expect(only("a=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln").remarks[0]).toMatch(
      /JSON Web Token/,
    );
    expect(only("connect.sid=s%3AabcDEF.sig").remarks[0]).toMatch(/express-session/);
  });
  it("never throws, and takes little time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        for (const prefix of ["", "Set-Cookie: a=", "Fe26.2*1*", "UwA", "."]) {
          inspectCookies(prefix + text, { secretKey: KEY });
        }
      }),
    );
    expect(() => inspectCookies("x".repeat(70_000))).toThrow(RangeError);
  });
  it("may nest to any depth", () => {
    const header = Buffer.from("5300000000000000000000000001ffffffff", "hex");
    const json = Buffer.from(`{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`);
    const token = Buffer.concat([header, Buffer.alloc(20), json, Buffer.alloc(32)]);
    const report = only(`session=${token.toString("base64url")}`);
    expect(report.format).toBe("galleta");
    expect(report.data).toBeUndefined();
  });
});
