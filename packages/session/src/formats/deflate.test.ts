import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sessions } from "../../../../test/support/formats.ts";
import { deflate } from "./deflate.ts";
import { buildCode } from "./huffman.ts";

const unpacked = (bytes: Uint8Array) => inflateSync(deflate(bytes));

// That the bytes are those of CPython's zlib is shown by the vectors and in test/formats.
describe("deflate", () => {
  it("is undone by zlib", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000, size: "max" }), (bytes) => {
        expect(unpacked(bytes).equals(bytes)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(sessions(), fc.nat(8), (session, times) => {
        const bytes = Buffer.from(JSON.stringify(Array.from({ length: times }, () => session)));
        expect(unpacked(bytes).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each([0, 1, 2, 3, 4, 257, 258, 259, 260, 516, 4096, 65_536])(
    "packs %d equal bytes",
    (length) => {
      const bytes = Buffer.alloc(length, "a");
      expect(unpacked(bytes).equals(bytes)).toBe(true);
      expect(deflate(bytes).length).toBeLessThan(20 + length / 200);
    },
  );

  it("packs the longest session: every distance, every length, all symbols", () => {
    const random = fc.sample(fc.nat(255), { numRuns: 20_000, seed: 1 });
    const bytes = Buffer.from([...random, ...random.slice(3), ...random, ...random.slice(0, 5539)]);
    expect(bytes.length).toBe(65_536);
    expect(unpacked(bytes).equals(bytes)).toBe(true);
  });

  it("never makes a code longer than its limit, and always a complete one", () => {
    const frequency = fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1_000_000));
    fc.assert(
      fc.property(fc.array(frequency, { minLength: 3, maxLength: 40 }), (frequencies) => {
        const { lengths } = buildCode(frequencies, 7);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(7);
        const kraft = lengths.reduce((sum, length) => sum + (length && 2 ** -length), 0);
        expect(kraft).toBe(1);
        for (const [i, f] of frequencies.entries())
          if (f > 0) expect(lengths[i]).toBeGreaterThan(0);
      }),
    );
    const fibonacci = [1, 1];
    while (fibonacci.length < 40) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
    expect(Math.max(...buildCode(fibonacci, 15).lengths)).toBe(15);
  });
});
