import { createSecretKey, pbkdf2Sync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cookieSource, sentBack, tampered, vectors } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { decryptMessage, encryptMessage, splitMessage } from "./rails-message.ts";
import { writeEnvelope } from "./rails-envelope.ts";
import { rails, type RailsOptions } from "./rails.ts";

const facts = vectors<{
  secret_key_base: string;
  salt: string;
  iterations: number;
  key_hex: string;
  iv_hex: string;
  value: string;
  raw_value: string;
  plaintext: string;
  readback: string;
}>("rails");
const secretKey = facts.secret_key_base;
const now = 1735689600;
const session = JSON.parse(facts.readback) as JsonObject;
const make = (more: Partial<RailsOptions> = {}) =>
  rails({ secretKey, sessionCookie: "_app_session", ...more });
const format = make();
const read = (value: string, at = now, by = format) =>
  by.read(cookieSource({ _app_session: value }), at);

const key = createSecretKey(Buffer.from(facts.key_hex, "hex"));
const iv = Buffer.from(facts.iv_hex, "hex");
const encrypted = (text: string) => encryptMessage(text, key, iv);
const envelope = (rails: object) => encrypted(JSON.stringify({ _rails: rails }));
const message = Buffer.from('{"a":1}').toString("base64");
const pur = "cookie._app_session";

describe("Rails' cookie", () => {
  it("is read", () => {
    expect(read(facts.value)).toEqual({ ok: true, data: session, keyIndex: 0 });
    expect(format.read(cookieSource({}), now)).toBeUndefined();
  });

  it("is written to the byte", () => {
    expect(writeEnvelope(session, pur, undefined)).toBe(facts.plaintext);
    expect(encrypted(facts.plaintext)).toBe(facts.value);
    expect(decodeURIComponent(facts.value)).toBe(facts.raw_value);
    const [written] = format.write(session, now, null);
    const parts = splitMessage(written?.value ?? "");
    if (parts === undefined) throw new Error("not a message");
    expect(decryptMessage(parts, key)?.toString()).toBe(facts.plaintext);
  });

  it("is encrypted under the derived key, SHA-256 or SHA-1", () => {
    const derive = (digest: string) =>
      pbkdf2Sync(secretKey, facts.salt, facts.iterations, 32, digest);
    expect(derive("sha256").toString("hex")).toBe(facts.key_hex);
    const old = make({ digest: "sha1" });
    const written = sentBack(old.write(session, now, null));
    expect(old.read(written, now)).toMatchObject({ data: session });
    expect(format.read(written, now)).toEqual({ ok: false, reason: "decryption" });
    const sha1 = createSecretKey(derive("sha1"));
    expect(read(encryptMessage(facts.plaintext, sha1, iv), now, old)).toMatchObject({ ok: true });
  });

  it("may have another salt and other rounds", () => {
    for (const more of [{ salt: "x" }, { iterations: 7 }]) {
      const other = make(more);
      const written = sentBack(other.write(session, now, null));
      expect(other.read(written, now)).toMatchObject({ data: session });
      expect(format.read(written, now)).toEqual({ ok: false, reason: "decryption" });
    }
  });

  it("expires with the cookie, at the exact instant", () => {
    const written = sentBack(format.write(session, now, 60));
    expect(format.read(written, now + 59.999)).toMatchObject({ expiresAt: now + 60 });
    expect(format.read(written, now + 60)).toEqual({ ok: false, reason: "expired" });
    const exp = "2025-01-01T01:00:00.000+01:00";
    expect(read(envelope({ message, exp, pur }), now - 1)).toMatchObject({ expiresAt: now });
    expect(read(envelope({ message, exp, pur }))).toEqual({ ok: false, reason: "expired" });
  });

  it.each(["2025-01-01", "tomorrow", "", 5, true, {}, "2025-99-01T00:00:00Z"])(
    "is rejected with %j as its expiry",
    (exp) => {
      expect(read(envelope({ message, exp, pur }))).toEqual({ ok: false, reason: "time" });
    },
  );

  it("must name this cookie, which Rails does not require", () => {
    expect(read(envelope({ message, exp: null, pur }))).toMatchObject({ data: { a: 1 } });
    for (const other of [undefined, null, "", "cookie._other", 5]) {
      const text = envelope({ message, exp: null, pur: other });
      expect(read(text)).toEqual({ ok: false, reason: "payload" });
    }
    const renamed = make({ sessionCookie: "_other" });
    expect(renamed.read(cookieSource({ _other: facts.value }), now)).toEqual({
      ok: false,
      reason: "payload",
    });
  });

  it("is rejected when it holds anything but a session in Rails' envelope", () => {
    const texts = [
      "",
      '{"a":1}',
      "[]",
      "null",
      '{"_rails":null}',
      '{"_rails":[]}',
      JSON.stringify({ _rails: { data: { a: 1 }, exp: null, pur } }),
      JSON.stringify({ _rails: { message: { a: 1 }, exp: null, pur } }),
      JSON.stringify({ _rails: { message: "", exp: null, pur } }),
      JSON.stringify({ _rails: { message: message.replace("=", ""), exp: null, pur } }),
      JSON.stringify({ _rails: { message: "BAh7AA==", exp: null, pur } }),
    ];
    for (const text of texts) {
      expect(read(encrypted(text))).toEqual({ ok: false, reason: "payload" });
    }
  });

  it("is rejected without its percent-encoding, as in Rails, or with another", () => {
    expect(read(facts.raw_value)).toEqual({ ok: false, reason: "not-canonical" });
    const lower = facts.value.replace("%2B", "%2b");
    expect(lower).not.toBe(facts.value);
    expect(read(lower)).toEqual({ ok: false, reason: "not-canonical" });
    expect(read(facts.value.replace("4VQ", "%34VQ"))).toEqual({
      ok: false,
      reason: "not-canonical",
    });
  });

  it("gets a session_id if it has none, and keeps an existing one", () => {
    const once = sentBack(format.write({ user: "alice" }, now, null));
    const reading = format.read(once, now);
    expect(reading).toMatchObject({
      data: { session_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, user: "alice" },
    });
    if (reading?.ok !== true) throw new Error("not read");
    const again = format.read(sentBack(format.write(reading.data, now, null)), now);
    expect(again).toEqual(reading);
  });

  it("is read with an old key, which does not encrypt", () => {
    const rotated = make({ secretKey: ["a new key", secretKey] });
    expect(read(facts.value, now, rotated)).toMatchObject({ ok: true, keyIndex: 1 });
    const written = sentBack(rotated.write(session, now, null));
    expect(format.read(written, now)).toEqual({ ok: false, reason: "decryption" });
  });

  it("never has the same IV twice", () => {
    const ivs = [0, 1].map(() => format.write(session, now, null)[0]?.value.split("--")[1]);
    expect(ivs[0]).not.toBe(ivs[1]);
  });

  it("is not written with half of a surrogate pair, on which Ruby would fail", () => {
    for (const data of [{ a: "x\ud800" }, { a: [{ "\udc00": 1 }] }]) {
      expect(() => format.write(data, now, null)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
      );
    }
    const whole = sentBack(format.write({ a: "\u{1f600}" }, now, null));
    expect(format.read(whole, now)).toMatchObject({ data: { a: "\u{1f600}" } });
  });

  it("is rejected with any byte changed", () => {
    for (const other of tampered(facts.value)) expect(read(other)).toMatchObject({ ok: false });
  });
});
