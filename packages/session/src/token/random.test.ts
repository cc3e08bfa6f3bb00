import { expect, test } from "vitest";
import { takeRandom } from "./random.ts";

test("gives the size that was asked for, and never the same bytes twice", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i += 1) {
    const bytes = takeRandom(16 + (i % 9));
    expect(bytes).toHaveLength(16 + (i % 9));
    seen.add(bytes.subarray(0, 16).toString("hex"));
  }
  expect(seen.size).toBe(2000);
});

test("what was given is the caller's alone", () => {
  const first = takeRandom(24);
  const before = Buffer.from(first);
  for (let i = 0; i < 400; i += 1) takeRandom(24).fill(0);
  expect(first).toEqual(before);
});

test("no bytes of an emptied pool are left over: none is all zero", () => {
  for (let i = 0; i < 1000; i += 1) {
    expect(takeRandom(100).some((byte) => byte !== 0)).toBe(true);
  }
});

test("refuses more than it holds", () => {
  expect(() => takeRandom(4097)).toThrow(RangeError);
  expect(takeRandom(4096)).toHaveLength(4096);
  expect(takeRandom(0)).toHaveLength(0);
});
