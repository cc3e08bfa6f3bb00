import { createHash, createHmac } from "node:crypto";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { cookieSource, tampered, vectors } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { django } from "./django.ts";

interface Sample {
  payload: JsonObject;
  value: string;
  compressed: boolean;
}
const facts = vectors<{
  secret: string;
  salt: string;
  timestamp: number;
  b62: string;
  derived_key_hex: string;
  small: Sample;
  big: Sample;
  uni: Sample;
}>("django");
const DAY = 86_400;
const { secret, salt, timestamp } = facts;
const format = django({ secretKey: secret });
const read = (sessionid: string, now = timestamp, by = format) =>
  by.read(cookieSource({ sessionid }), now);
const samples = [facts.small, facts.big, facts.uni];

/** A cookie as Django would sign it, with any payload. */
function signed(payload: string, digest = "sha256"): string {
  const key = createHash(digest).update(`${salt}signer${secret}`).digest();
  const timed = `${payload}:${facts.b62}`;
  return `${timed}:${createHmac(digest, key).update(timed).digest("base64url")}`;
}
const text = (json: string, encoding: BufferEncoding = "utf8") =>
  signed(Buffer.from(json, encoding).toString("base64url"));

describe("Django's cookie", () => {
  it.each(samples)("is read, with its times: $payload", ({ payload, value, compressed }) => {
    expect(value.startsWith(".")).toBe(compressed);
    expect(read(value)).toEqual({
      ok: true,
      data: payload,
      issuedAt: timestamp,
      expiresAt: timestamp + 14 * DAY,
      keyIndex: 0,
    });
  });

  it.each(samples)(
    "is written with the same meaning: $payload",
    ({ payload, value, compressed }) => {
      const [written] = format.write(payload, timestamp, null);
      expect(written?.value.startsWith(".")).toBe(compressed);
      expect(read(written?.value ?? "")).toEqual(read(value));
    },
  );

  it("is signed with the derived key", () => {
    const key = createHash("sha256").update(`${salt}signer${secret}`).digest("hex");
    expect(key).toBe(facts.derived_key_hex);
    expect(text('{"user":"alice","n":1}')).toBe(facts.small.value);
  });

  it("lasts exactly SESSION_COOKIE_AGE, and may be dated at most 60 s ahead", () => {
    const { value } = facts.small;
    expect(read(value, timestamp + 14 * DAY)).toMatchObject({ ok: true });
    expect(read(value, timestamp + 14 * DAY + 1)).toEqual({ ok: false, reason: "expired" });
    expect(read(value, timestamp - 60)).toMatchObject({ ok: true });
    expect(read(value, timestamp - 61)).toEqual({ ok: false, reason: "future" });
  });

  it("is read with a fallback key, which does not sign", () => {
    const rotated = django({ secretKey: ["a new key", secret] });
    expect(read(facts.big.value, timestamp, rotated)).toMatchObject({ ok: true, keyIndex: 1 });
    const [written] = rotated.write({ a: 1 }, timestamp, null);
    expect(read(written?.value ?? "")).toEqual({ ok: false, reason: "mac" });
  });

  it("is rejected with a SHA-1 signature, with padding, or with unused bits set", () => {
    const payload = facts.small.value.split(":")[0] ?? "";
    expect(read(signed(payload, "sha1"))).toEqual({ ok: false, reason: "mac" });
    expect(read(`${facts.small.value}=`)).toEqual({ ok: false, reason: "not-canonical" });
    // 32 bytes leave 2 bits of the last character unused.
    expect(facts.small.value.endsWith("w")).toBe(true);
    const bits = `${facts.small.value.slice(0, -1)}x`;
    expect(read(bits)).toEqual({ ok: false, reason: "not-canonical" });
  });

  it("is read as Latin-1, as Django does", () => {
    expect(read(text('{"u":"\u00e9"}', "latin1"))).toMatchObject({ data: { u: "\u00e9" } });
    expect(read(text('{"u":"\u00e9"}', "utf8"))).toMatchObject({ data: { u: "\u00c3\u00a9" } });
    const [written] = format.write({ u: "\u00e9\u2603\u{1f600}" }, timestamp, null);
    const json = Buffer.from(written?.value.split(":")[0] ?? "", "base64url").toString("latin1");
    expect(json).toBe('{"u":"\\u00e9\\u2603\\ud83d\\ude00"}');
  });

  it("is rejected when it unpacks to too much, or to nothing", () => {
    const bomb = deflateSync(Buffer.alloc(4_000_000, "a"));
    expect(bomb.length).toBeLessThan(5000);
    expect(read(signed(`.${bomb.toString("base64url")}`))).toEqual({
      ok: false,
      reason: "too-large",
    });
    const cut = deflateSync('{"a":1}').subarray(0, -2).toString("base64url");
    for (const payload of [".", `.${cut}`, ".AAAA", ""]) {
      expect(read(signed(payload))).toEqual({ ok: false, reason: "payload" });
    }
  });

  it.each(samples)("is rejected with any byte changed: $payload", ({ value }) => {
    for (const other of tampered(value)) expect(read(other)).toMatchObject({ ok: false });
  });
});
