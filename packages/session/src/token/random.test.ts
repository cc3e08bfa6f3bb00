import { expect, test } from "vitest";
import { takeRandom } from "./random.ts";

test("gives the requested size, and never the same bytes twice", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i += 1) {
    const bytes = takeRandom(16 + (i % 9));
    expect(bytes).toHaveLength(16 + (i % 9));
    seen.add(bytes.subarray(0, 16).toString("hex"));
  }
  expect(seen.size).toBe(2000);
});

test("gives bytes that no later call changes", () => {
  const first = takeRandom(24);
  const before = Buffer.from(first);
  for (let i = 0; i < 400; i += 1) takeRandom(24).fill(0);
  expect(first).toEqual(before);
});

test("never returns zero bytes when the pool is empty", () => {
  for (let i = 0; i < 1000; i += 1) {
    expect(takeRandom(100).some((byte) => byte !== 0)).toBe(true);
  }
});

test("throws for more bytes than the pool holds", () => {
  expect(() => takeRandom(4097)).toThrow(RangeError);
  expect(takeRandom(4096)).toHaveLength(4096);
  expect(takeRandom(0)).toHaveLength(0);
});
