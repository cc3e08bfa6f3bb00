import { Buffer } from "node:buffer";
import { createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromBase64url, lengthPrefixed, toBase64url } from "../encoding.ts";
import { makeCsrfToken, verifyCsrfToken } from "./csrf-token.ts";

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/galleta-v1.json", import.meta.url), "utf8"),
) as Record<"ikm_hex" | "cookie_name" | "sid_hex", string> &
  Record<"csrf_random_hex" | "csrf_token" | "csrf_key_hex", string>;

const hex = (text: string) => Buffer.from(text, "hex");

function deriveKey(secret: Uint8Array, cookieName: string): Buffer {
  const info = Buffer.concat(["galleta/v1", "csrf", cookieName].map(lengthPrefixed));
  return Buffer.from(hkdfSync("sha256", secret, "", info, 32));
}

describe("the vector", () => {
  const key = deriveKey(hex(vectors.ikm_hex), vectors.cookie_name);
  const sid = hex(vectors.sid_hex);

  it("has this key", () => {
    expect(key.toString("hex")).toBe(vectors.csrf_key_hex);
  });

  it.each([
    ["bytes", key],
    ["a KeyObject", createSecretKey(key)],
  ])("is made and verified with %s", (_what, form) => {
    expect(makeCsrfToken(form, sid, "", hex(vectors.csrf_random_hex))).toBe(vectors.csrf_token);
    expect(verifyCsrfToken([form], sid, vectors.csrf_token, "")).toBe(true);
  });
});

describe("a CSRF token", () => {
  const key = createSecretKey(randomBytes(32));
  const sid = randomBytes(16);
  const token = makeCsrfToken(key, sid, "pay");

  it("is 64 characters and different each time", () => {
    expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(makeCsrfToken(key, sid, "pay")).not.toBe(token);
    expect(verifyCsrfToken([key], sid, makeCsrfToken(key, sid, "pay"), "pay")).toBe(true);
  });

  it("is verified with any of the keys", () => {
    const newer = createSecretKey(randomBytes(32));
    expect(verifyCsrfToken([newer, key], sid, token, "pay")).toBe(true);
    expect(verifyCsrfToken([newer], sid, token, "pay")).toBe(false);
    expect(verifyCsrfToken([], sid, token, "pay")).toBe(false);
  });

  it("is valid for one session: not for another, and not after renew", () => {
    expect(verifyCsrfToken([key], randomBytes(16), token, "pay")).toBe(false);
    expect(verifyCsrfToken([key], Buffer.alloc(0), token, "pay")).toBe(false);
  });

  it("is valid for one scope", () => {
    expect(verifyCsrfToken([key], sid, token, "")).toBe(false);
    expect(verifyCsrfToken([key], sid, token, "pay ")).toBe(false);
    expect(verifyCsrfToken([key], sid, token, "Pay")).toBe(false);
  });

  it("is rejected after a change of any character", () => {
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(verifyCsrfToken([key], sid, changed, "pay")).toBe(false);
    }
  });

  it.each([
    ["nothing", ""],
    ["undefined", undefined],
    ["a number", 64],
    ["a list", [token]],
    ["too short", token.slice(0, -1)],
    ["too long", `${token}A`],
    ["padded", `${token.slice(0, -1)}=`],
    ["standard base64", `+/${token.slice(2)}`],
    ["white space", ` ${token.slice(1)}`],
    ["other letters", "\u0100".repeat(64)],
    ["a megabyte", "A".repeat(1_000_000)],
  ])("is rejected if it is %s", (_what, text) => {
    expect(verifyCsrfToken([key], sid, text, "pay")).toBe(false);
  });

  it("separates its parts", () => {
    // The same bytes for the MAC, but with the border between the parts moved by one.
    const [random, mac] = [
      fromBase64url(token)!.subarray(0, 16),
      fromBase64url(token)!.subarray(16),
    ];
    const shifted = Buffer.concat([random.subarray(1), Buffer.from("p"), mac]);
    const longer = Buffer.concat([sid, random.subarray(0, 1)]);
    expect(verifyCsrfToken([key], longer, toBase64url(shifted), "ay")).toBe(false);
  });

  it("throws for a scope that is too long, or random bytes of another length", () => {
    expect(() => makeCsrfToken(key, sid, "s".repeat(65_536))).toThrow(RangeError);
    expect(() => makeCsrfToken(key, sid, "", randomBytes(15))).toThrow(RangeError);
  });
});
