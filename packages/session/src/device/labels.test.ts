import { describe, expect, test } from "vitest";
import { createKeyRing } from "../token/keys.ts";
import { checkLabel, labelExpiry, makeLabel } from "./labels.ts";

const NOW = 1_800_000_000;
const [first, second] = ["a", "b"].map((letter) => Buffer.from(letter.repeat(32)));
const ring = createKeyRing([first!], "session");
const label = makeLabel(ring, "device-refresh", NOW + 60, ["sid", "key"]);

describe("a label", () => {
  test("is valid until its time, and late after that", () => {
    expect(checkLabel(ring, "device-refresh", label, ["sid", "key"], NOW + 59)).toBe("good");
    expect(checkLabel(ring, "device-refresh", label, ["sid", "key"], NOW + 60)).toBe("late");
    expect(labelExpiry(label)).toBe(NOW + 60);
  });

  test("is valid under a key that no longer signs", () => {
    const rotated = createKeyRing([second!, first!], "session");
    expect(checkLabel(rotated, "device-refresh", label, ["sid", "key"], NOW)).toBe("good");
  });

  test.each([
    ["another use", "device-cookie", ["sid", "key"]],
    ["other parts", "device-refresh", ["sid", "key2"]],
    ["parts that only join to the same text", "device-refresh", ["si", "dkey"]],
    ["fewer parts", "device-refresh", ["sid"]],
  ] as const)("is foreign for %s", (_what, use, parts) => {
    expect(checkLabel(ring, use, label, parts, NOW)).toBe("foreign");
  });

  test("is foreign under another key, cookie name, or with one bit changed", () => {
    const parts = ["sid", "key"];
    const others = [createKeyRing([second!], "session"), createKeyRing([first!], "other")];
    for (const other of others) {
      expect(checkLabel(other, "device-refresh", label, parts, NOW)).toBe("foreign");
    }
    const bytes = Buffer.from(label, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const text = changed.toString("base64url");
      expect(checkLabel(ring, "device-refresh", text, parts, NOW)).toBe("foreign");
    }
  });

  test.each(["", "x", `${label}x`, `${label}=`, "é".repeat(70)])("is foreign: %j", (text) => {
    expect(checkLabel(ring, "device-refresh", text, ["sid", "key"], NOW)).toBe("foreign");
  });
});
