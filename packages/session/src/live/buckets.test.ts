import { expect, it } from "vitest";
import { bucketOf } from "./buckets.ts";

it("the bucket of a name is its FNV-1a hash modulo 1024, plus 1", () => {
  // From the test vectors of the specification.
  expect(bucketOf("")).toBe(1 + (0x811c9dc5 % 1024));
  expect(bucketOf("a")).toBe(1 + (0xe40c292c % 1024));
  expect(bucketOf("foobar")).toBe(1 + (0xbf9cf968 % 1024));
});
