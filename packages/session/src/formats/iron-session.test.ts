import { pbkdf2Sync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cookieSource, sentBack, tampered, vectors } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { ironSession, type IronSessionOptions } from "./iron-session.ts";
import { seal } from "./iron.ts";

const facts = vectors<{
  password: string;
  payload: JsonObject;
  now_ms: number;
  ttl_s: number;
  expiration_ms: number;
  enc_key_hex: string;
  mac_key_hex: string;
  enc_salt: string;
  mac_salt: string;
  iv_hex: string;
  value: string;
}>("iron-session");
const { password, payload, value } = facts;
const now = facts.now_ms / 1000;
const end = facts.expiration_ms / 1000;
const make = (more: Partial<IronSessionOptions> = {}) =>
  ironSession({ secretKey: password, sessionCookie: "auth", ...more });
const format = make();
const read = (auth: string, at = now, by = format) => by.read(cookieSource({ auth }), at);
const salts = {
  encryption: facts.enc_salt,
  mac: facts.mac_salt,
  iv: Buffer.from(facts.iv_hex, "hex"),
};
const sealed = (text: string, expiration: number | undefined, id = "1") =>
  `${seal(text, { id, text: password }, expiration, salts)}~2`;
const partsOf = (written: readonly { value: string }[]) => written[0]?.value.split("*") ?? [];

describe("iron-session's cookie", () => {
  it("is read, with its expiry time", () => {
    expect(read(value)).toEqual({ ok: true, data: payload, expiresAt: end, keyIndex: 0 });
    expect(format.read(cookieSource({}), now)).toBeUndefined();
  });

  it("is sealed to the byte, with keys as iron derives them", () => {
    expect(sealed(JSON.stringify(payload), facts.expiration_ms)).toBe(value);
    const derived = (salt: string) => pbkdf2Sync(password, salt, 1, 32, "sha1").toString("hex");
    expect(derived(facts.enc_salt)).toBe(facts.enc_key_hex);
    expect(derived(facts.mac_salt)).toBe(facts.mac_key_hex);
  });

  it("is valid for 60 seconds after its expiry, as in iron", () => {
    expect(read(value, end + 59)).toMatchObject({ ok: true });
    expect(read(value, end + 60 - 0.001)).toMatchObject({ ok: true });
    expect(read(value, end + 60)).toEqual({ ok: false, reason: "expired" });
  });

  it("expires after the ttl, or with the cookie if that is sooner", () => {
    const endOf = (written: readonly { value: string }[]) => partsOf(written)[5];
    expect(endOf(format.write(payload, now, null))).toBe(String(facts.expiration_ms));
    expect(endOf(format.write(payload, now, facts.ttl_s * 9))).toBe(String(facts.expiration_ms));
    expect(endOf(format.write(payload, now, 60))).toBe(String((now + 60) * 1000));
    expect(endOf(make({ ttl: 30 }).write(payload, now, 60))).toBe(String((now + 30) * 1000));
    expect(endOf(make({ ttl: 0 }).write(payload, now, 60))).toBe(String((now + 60) * 1000));
    const endless = make({ ttl: 0 }).write(payload, now, null);
    expect(endOf(endless)).toBe("");
    expect(format.read(sentBack(endless), 2 ** 40)).toEqual({
      ok: true,
      data: payload,
      keyIndex: 0,
    });
  });

  it("never has the same salts or IV twice", () => {
    const parts = [0, 1].map(() => partsOf(format.write(payload, now, null)));
    for (const at of [2, 3, 4, 6, 7]) expect(parts[0]?.[at]).not.toBe(parts[1]?.[at]);
    expect(parts[0]?.[2]).not.toBe(parts[0]?.[6]);
  });

  it("names its password: the highest id seals, all unseal", () => {
    const other = "another password of at least 32 characters";
    const map = make({ secretKey: { 1: password, 2: other } });
    expect(read(value, now, map)).toMatchObject({ ok: true, keyIndex: 1 });
    const written = map.write(payload, now, null);
    expect(partsOf(written)[1]).toBe("2");
    expect(map.read(sentBack(written), now)).toMatchObject({ keyIndex: 0 });
    expect(format.read(sentBack(written), now)).toEqual({ ok: false, reason: "key" });
    const list = make({ secretKey: [other, password] });
    expect(list.read(sentBack(written), now)).toMatchObject({ keyIndex: 0 });
    expect(read(value, now, list)).toMatchObject({ keyIndex: 1 });
    const wrong = make({ secretKey: { 1: other, 2: password } });
    expect(read(value, now, wrong)).toEqual({ ok: false, reason: "mac" });
  });

  it("must end in ~2, which iron-session does not check", () => {
    for (const other of [value.slice(0, -2), `${value.slice(0, -1)}1`, `${value}2`]) {
      expect(read(other)).toEqual({ ok: false, reason: "version" });
    }
  });

  it("is read from its chunks if the option is set", () => {
    const chunked = make({ chunk: true });
    expect(chunked.cookieNames).toEqual(["auth", "auth.0", "auth.1", "auth.2", "auth.3"]);
    const [a, b, c] = [value.slice(0, 100), value.slice(100, 200), value.slice(200)];
    const chunks = { "auth.0": a, "auth.1": b, "auth.2": c };
    expect(chunked.read(cookieSource(chunks), now)).toEqual(read(value));
    expect(chunked.read(cookieSource({ auth: value, "auth.0": "x" }), now)).toEqual(read(value));
    expect(format.read(cookieSource(chunks), now)).toBeUndefined();
    expect(chunked.read(cookieSource({}), now)).toBeUndefined();
    const wrong = [
      { "auth.0": a, "auth.1": b },
      { "auth.0": a, "auth.2": c },
      { "auth.0": b, "auth.1": a, "auth.2": c },
      { "auth.0": a, "auth.1": b, "auth.2": c, "auth.3": "x" },
    ];
    for (const cookies of wrong) {
      expect(chunked.read(cookieSource(cookies), now)).toMatchObject({ ok: false });
    }
    const long = { "auth.0": "x".repeat(20_000) };
    expect(chunked.read(cookieSource(long), now)).toEqual({ ok: false, reason: "too-large" });
  });

  it("is rejected if it does not contain a session", () => {
    for (const text of ["", "null", "[]", "1", '"a"', "{", "{}{}"]) {
      expect(read(sealed(text, undefined))).toEqual({ ok: false, reason: "payload" });
    }
  });

  it("is rejected with any byte changed", () => {
    for (const other of tampered(value)) expect(read(other)).toMatchObject({ ok: false });
  });
});
