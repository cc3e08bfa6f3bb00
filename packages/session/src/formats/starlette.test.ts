import { describe, expect, it } from "vitest";
import { cookieSource, tampered, vectors } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { concatKey } from "./itsdangerous.ts";
import { starlette } from "./starlette.ts";

const facts = vectors<{
  secret: string;
  payload: JsonObject;
  timestamp: number;
  derived_key_hex: string;
  value: string;
}>("starlette");
const DAY = 86_400;
const { secret, value, timestamp } = facts;
const format = starlette({ secretKey: secret });
const read = (session: string, now = timestamp, by = format) =>
  by.read(cookieSource({ session }), now);

describe("Starlette's cookie", () => {
  it("is read, with its times", () => {
    expect(read(value)).toEqual({
      ok: true,
      data: facts.payload,
      issuedAt: timestamp,
      expiresAt: timestamp + 14 * DAY,
      keyIndex: 0,
    });
    expect(format.read(cookieSource({ other: value }), timestamp)).toBeUndefined();
  });

  it("is written with the same meaning", () => {
    for (const now of [timestamp, timestamp + 0.9]) {
      const [written] = format.write(facts.payload, now, null);
      expect(read(written?.value ?? "")).toEqual(read(value));
    }
  });

  it("is signed with the derived key", () => {
    const key = concatKey(secret, "itsdangerous.Signer");
    expect(key.toString("hex")).toBe(facts.derived_key_hex);
  });

  it("lasts exactly max_age, and may not be dated in the future", () => {
    expect(read(value, timestamp + 14 * DAY)).toMatchObject({ ok: true });
    expect(read(value, timestamp + 14 * DAY + 1)).toEqual({ ok: false, reason: "expired" });
    expect(read(value, timestamp - 1)).toEqual({ ok: false, reason: "future" });
    const hour = starlette({ secretKey: secret, maxAge: 3600 });
    expect(read(value, timestamp + 3600, hour)).toMatchObject({ expiresAt: timestamp + 3600 });
    expect(read(value, timestamp + 3601, hour)).toEqual({ ok: false, reason: "expired" });
  });

  it("lasts for ever with max_age None", () => {
    const reading = read(value, 2 ** 40, starlette({ secretKey: secret, maxAge: null }));
    expect(reading).toMatchObject({ ok: true, data: facts.payload });
    expect(reading).not.toHaveProperty("expiresAt");
  });

  it("is rejected with a non-canonical signature, which Starlette accepts", () => {
    expect(read(`${value}=`)).toEqual({ ok: false, reason: "not-canonical" });
    // 20 bytes leave 2 bits of the last character unused.
    expect(value.endsWith("c")).toBe(true);
    expect(read(`${value.slice(0, -1)}d`)).toEqual({ ok: false, reason: "not-canonical" });
  });

  it("is rejected with any byte changed", () => {
    for (const other of tampered(value)) expect(read(other)).toMatchObject({ ok: false });
  });

  it("is not read after the session was cleared", () => {
    expect(read("null")).toEqual({ ok: false, reason: "malformed" });
    expect(read("")).toEqual({ ok: false, reason: "malformed" });
  });

  it("may have another name", () => {
    const named = starlette({ secretKey: secret, sessionCookie: "sid" });
    expect(named.cookieNames).toEqual(["sid"]);
    expect(named.read(cookieSource({ sid: value }), timestamp)).toMatchObject({ ok: true });
  });
});
