import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyRing, derive, info } from "./keys.ts";
import { encryptToken, openToken, signToken } from "./token.ts";

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/galleta-v1.json", import.meta.url), "utf8"),
);
const hex = (text: string) => Buffer.from(text, "hex");
const secret = (text: string) => Buffer.from(text);
const input = { sid: "AAAAAAAAAAAAAAAAAAAAAA", rev: 1, json: "{}", born: 1, iat: 1, exp: 9 };
const both = { signed: true, encrypted: true };

describe("info", () => {
  it("is injective: parts cut differently give other bytes", () => {
    expect(info("ab", "c")).not.toEqual(info("a", "bc"));
    expect(info("ab")).not.toEqual(info("a", "b"));
    expect(info("a")).not.toEqual(info("a", ""));
    expect(info("sign", "x")).not.toEqual(info("signx"));
  });

  it("gives different bytes for different parts, whatever they are", () => {
    // No lone surrogates: UTF-8 replaces all of them with the same character.
    const part = fc.string({ unit: "grapheme", maxLength: 3 });
    const parts = fc.tuple(part, fc.array(part));
    fc.assert(
      fc.property(parts, parts, ([use, context], [otherUse, other]) => {
        const same = JSON.stringify([use, context]) === JSON.stringify([otherUse, other]);
        expect(info(use, ...context).equals(info(otherUse, ...other))).toBe(same);
      }),
    );
  });

  it("matches the format", () => {
    expect(info("sign", vectors.cookie_name).toString("hex")).toBe(vectors.sign_info_hex);
  });

  it("throws for a part over 65,535 bytes", () => {
    expect(() => info("sign", "x".repeat(65_536))).toThrow(RangeError);
  });
});

describe("a key ring", () => {
  it("derives the keys of the vectors", () => {
    const key = createSecretKey(hex(vectors.ikm_hex));
    const about = info("sign", vectors.cookie_name);
    expect(derive(key, Buffer.alloc(0), about, 32).toString("hex")).toBe(vectors.sign_key_hex);
    const { newest } = createKeyRing([hex(vectors.ikm_hex)], vectors.cookie_name);
    expect(newest.kid).toBe(Number.parseInt(vectors.kid_hex, 16));
    expect(newest.csrf.export().toString("hex")).toBe(vectors.csrf_key_hex);
  });

  it("throws without a key", () => {
    expect(() => createKeyRing([], "session")).toThrow(RangeError);
  });

  it("signs with the newest and verifies with all", () => {
    const [old, young] = [secret("old"), secret("young")];
    const ring = createKeyRing([young, old], "session");
    const before = signToken(input, createKeyRing([old], "session"));
    expect(openToken(before, ring, both)).toMatchObject({ keyIndex: 1 });
    const now = signToken(input, ring);
    expect(openToken(now, createKeyRing([young], "session"), both)).toMatchObject({ keyIndex: 0 });
    expect(openToken(now, createKeyRing([old], "session"), both)).toBe("key");
  });

  it("counts a repeated secret once, at its first place", () => {
    const ring = createKeyRing([secret("s"), secret("s")], "session");
    for (const token of [signToken(input, ring), encryptToken(input, ring)]) {
      expect(openToken(token, ring, both)).toMatchObject({ keyIndex: 0 });
    }
  });

  it("gives each cookie name its own keys", () => {
    const token = signToken(input, createKeyRing([secret("s")], "session"));
    for (const name of ["session2", "sessio", "Session", "session ", "", "__Host-session"]) {
      expect(openToken(token, createKeyRing([secret("s")], name), both)).toBe("mac");
    }
  });

  it("tries every key if two share an id, which is only a hint", () => {
    const ring = createKeyRing([secret("one"), secret("two")], "session");
    const { kid } = ring.newest;
    const keys = ring.keys.map((key) => ({ ...key, kid }));
    const colliding = { ...ring, keys, newest: keys[0]! };
    const token = signToken(input, { ...colliding, newest: keys[1]! });
    expect(openToken(token, colliding, both)).toMatchObject({ keyIndex: 1 });
    const foreign = createKeyRing([secret("three")], "session");
    const forged = signToken(input, { ...foreign, newest: { ...foreign.newest, kid } });
    expect(openToken(forged, colliding, both)).toBe("mac");
  });
});
