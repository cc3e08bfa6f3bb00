import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createKeyRing } from "./keys.ts";
import { encryptToken, looksLikeToken, openToken, signToken } from "./token.ts";

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/galleta-v1.json", import.meta.url), "utf8"),
);
const hex = (text: string) => Buffer.from(text, "hex");
const ring = createKeyRing([hex(vectors.ikm_hex)], vectors.cookie_name);
const input = {
  sid: hex(vectors.sid_hex).toString("base64url"),
  rev: vectors.rev,
  json: vectors.body,
  born: vectors.born,
  iat: vectors.iat,
  exp: vectors.exp,
};
const both = { signed: true, encrypted: true };

describe("vectors of format v1", () => {
  it("signs byte for byte", () => {
    expect(signToken(input, ring)).toBe(vectors.signed);
    expect(signToken({ ...input, json: vectors.with_metadata.body }, ring)).toBe(
      vectors.with_metadata.signed,
    );
  });
  it("signs under other secrets byte for byte", () => {
    const second = createKeyRing([hex(vectors.second_key.ikm_hex)], vectors.cookie_name);
    expect(second.newest.kid.toString(16)).toBe(vectors.second_key.kid_hex);
    expect(signToken(input, second)).toBe(vectors.second_key.signed);
    const text = createKeyRing([Buffer.from(vectors.text_secret.secret)], vectors.cookie_name);
    expect(signToken(input, text)).toBe(vectors.text_secret.signed);
  });
  it("encrypts byte for byte", () => {
    expect(encryptToken(input, ring, "session", hex(vectors.salt_hex))).toBe(vectors.encrypted);
    const ticket = { ...input, iat: vectors.ticket.iat, exp: vectors.ticket.exp };
    expect(encryptToken(ticket, ring, "ticket", hex(vectors.salt_hex))).toBe(vectors.ticket.value);
  });
  it("opens what it made", () => {
    expect(openToken(vectors.signed, ring, both)).toEqual({
      ...input,
      keyIndex: 0,
      encrypted: false,
    });
    expect(openToken(vectors.encrypted, ring, both)).toEqual({
      ...input,
      keyIndex: 0,
      encrypted: true,
    });
  });
});

describe("looksLikeToken", () => {
  it("knows a token whatever its key", () => {
    const ids = new Set<number>();
    for (let i = 0; i < 64; i += 1) {
      const each = createKeyRing([Buffer.from(`key number ${i}`)], "session");
      ids.add(each.newest.kid >>> 30);
      expect(looksLikeToken(signToken(input, each))).toBe(true);
      expect(looksLikeToken(encryptToken(input, each))).toBe(true);
    }
    expect(ids.size).toBe(4);
  });
  it("knows nothing else", () => {
    for (const value of ["", "UwA", `UwE${"A".repeat(80)}`, `eyJ${"A".repeat(80)}`]) {
      expect(looksLikeToken(value)).toBe(false);
    }
  });
});
