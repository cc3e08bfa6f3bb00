import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64url, lengthPrefixed, toBase64url } from "./encoding.ts";

describe("base64url", () => {
  it("survives the round trip for any bytes, also for a part of a buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(5), (bytes, from) => {
        const part = bytes.subarray(from);
        const text = toBase64url(part);
        expect(text).toMatch(/^[\w-]*$/);
        expect(fromBase64url(text)).toEqual(Buffer.from(part));
      }),
    );
  });

  it("is read only in its canonical form", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Buffer.from(array);
        const padded = bytes.toString("base64");
        const canonical = padded.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
        expect(fromBase64url(canonical)).toEqual(bytes);
        if (padded !== canonical) expect(fromBase64url(padded)).toBeUndefined();
      }),
    );
  });

  it.each([
    "A",
    "AAAAA",
    "AB",
    "AAB",
    "AA==",
    "AA=",
    "A A",
    " AA",
    "AA\n",
    "+A",
    "/A",
    "\u0141A",
    "AA\0",
  ])("%j is not canonical", (text) => expect(fromBase64url(text)).toBeUndefined());
});

describe("lengthPrefixed", () => {
  it("puts the number of bytes, not of characters, in front", () => {
    expect(lengthPrefixed("").toString("hex")).toBe("0000");
    expect(lengthPrefixed("\u00e9").toString("hex")).toBe("0002c3a9");
    expect(lengthPrefixed(new Uint8Array(0x102)).subarray(0, 3).toString("hex")).toBe("010200");
    expect(lengthPrefixed(new Uint8Array(0xffff))).toHaveLength(0x10001);
    expect(() => lengthPrefixed(new Uint8Array(0x10000))).toThrow(RangeError);
  });
});
