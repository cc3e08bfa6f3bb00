import { describe, expect, it } from "vitest";
import { cookieSource, tampered, vectors } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { flask } from "./flask.ts";
import { hmacKey } from "./itsdangerous.ts";

interface Sample {
  json: string;
  value: string;
  compressed: boolean;
}
const facts = vectors<{
  secret: string;
  timestamp: number;
  derived_key_hex: string;
  small: Sample;
  big: Sample;
  tagged: Sample;
}>("flask");
const DAY = 86_400;
const { secret, timestamp } = facts;
const format = flask({ secretKey: secret });
const read = (session: string, now = timestamp, by = format) =>
  by.read(cookieSource({ session }), now);
const samples = [facts.small, facts.big, facts.tagged];

describe("Flask's cookie", () => {
  it.each(samples)("is read, with its times: $json", ({ json, value, compressed }) => {
    expect(value.startsWith(".")).toBe(compressed);
    expect(read(value)).toMatchObject({
      ok: true,
      issuedAt: timestamp,
      expiresAt: timestamp + 31 * DAY,
      keyIndex: 0,
    });
    // The session has no escape for a dict that looks like a tuple. All other tags stay.
    const expected = json.replace('{" di":{" t__":1}}', '{" t":1}');
    expect(read(value)).toMatchObject({ data: JSON.parse(expected) as JsonObject });
  });

  it.each(samples)("is written with the same meaning: $json", ({ value, compressed }) => {
    const reading = read(value);
    if (reading?.ok !== true) throw new Error("not read");
    const [written] = format.write(reading.data, timestamp, null);
    expect(written?.value.startsWith(".")).toBe(compressed);
    expect(read(written?.value ?? "")).toEqual(reading);
  });

  it("is signed with the derived key", () => {
    const key = hmacKey(secret, "cookie-session", "sha1");
    expect(key.toString("hex")).toBe(facts.derived_key_hex);
  });

  it("lasts exactly 31 days, and may not be dated in the future", () => {
    const { value } = facts.small;
    expect(read(value, timestamp + 31 * DAY)).toMatchObject({ ok: true });
    expect(read(value, timestamp + 31 * DAY + 1)).toEqual({ ok: false, reason: "expired" });
    expect(read(value, timestamp - 1)).toEqual({ ok: false, reason: "future" });
  });

  it("is read with a fallback key, which does not sign", () => {
    const rotated = flask({ secretKey: ["a new key", secret] });
    expect(read(facts.small.value, timestamp, rotated)).toMatchObject({ ok: true, keyIndex: 1 });
    const [written] = rotated.write({ a: 1 }, timestamp, null);
    expect(read(written?.value ?? "")).toEqual({ ok: false, reason: "mac" });
  });

  it("may have another salt and digest", () => {
    for (const more of [{ salt: "x" }, { digest: "sha256" as const }]) {
      const other = flask({ secretKey: secret, ...more });
      const [written] = other.write({ a: 1 }, timestamp, null);
      expect(read(written?.value ?? "", timestamp, other)).toMatchObject({ data: { a: 1 } });
      expect(read(written?.value ?? "")).toEqual({ ok: false, reason: "mac" });
    }
  });

  it.each(samples)("is rejected with any byte changed: $json", ({ value }) => {
    for (const other of tampered(value)) expect(read(other)).toMatchObject({ ok: false });
  });
});
