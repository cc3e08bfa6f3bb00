import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase62, toBase62 } from "./base62.ts";

describe("base 62", () => {
  it("writes the same text as Django", () => {
    expect(toBase62(1735689600)).toBe("1tSm9Y");
    expect(fromBase62("1tSm9Y")).toBe(1735689600);
    expect(toBase62(0)).toBe("0");
    expect(toBase62(61)).toBe("z");
  });

  it("reads its own output", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (number) => {
        expect(fromBase62(toBase62(number))).toBe(number);
      }),
    );
  });

  it.each(["", "01", "00", "-1", "1_", "é", " 1", "1 ", "zzzzzzzzz", "1".repeat(100)])(
    "rejects %j",
    (text) => expect(fromBase62(text)).toBeUndefined(),
  );
});
