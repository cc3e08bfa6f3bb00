import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, it } from "vitest";
import { deflate } from "../../packages/session/src/formats/deflate.ts";
import { sessions } from "../support/formats.ts";
import { available, command, PYTHON } from "../support/require.ts";

const PACK = `
import sys, zlib
for line in sys.stdin: print(zlib.compress(bytes.fromhex(line)).hex())
`;

/** Texts with much and with little to compress, as long as cookies are. */
const texts = fc.oneof(
  fc.array(sessions(), { maxLength: 30 }).map((list) => JSON.stringify(list)),
  fc
    .array(fc.constantFrom("admin", "user", '","', "id", "1", "2", "-", "é"), { maxLength: 2000 })
    .map((words) => words.join("")),
  fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6000, size: "max" }),
  fc.string({ unit: "grapheme-ascii", maxLength: 4000, size: "max" }),
  fc
    .tuple(fc.string({ maxLength: 40 }), fc.nat(400), fc.string({ maxLength: 40 }))
    .map(([text, times, other]) => `${text.repeat(times)}${other}${text.repeat(2)}`),
);

it.runIf(available(command(PYTHON, "python3")))("compresses to the bytes of Python's zlib", () => {
  const samples = fc
    .sample(texts, { numRuns: 1500, seed: 3 })
    .map((text) => Buffer.from(text))
    .filter((bytes) => bytes.length > 0 && bytes.length < 16_000);
  const input = samples.map((bytes) => bytes.toString("hex")).join("\n");
  const result = spawnSync(PYTHON, ["-c", PACK], {
    input,
    encoding: "utf8",
    maxBuffer: 100_000_000,
  });
  expect(result.stderr).toBe("");
  const theirs = result.stdout.trimEnd().split("\n");
  // What does not get shorter is not sent in zlib: there the original stores it, and we need not.
  const compared = samples
    .map((bytes, i) => ({ bytes, theirs: theirs[i], ours: deflate(bytes).toString("hex") }))
    .filter((pair) => (pair.theirs?.length ?? 0) / 2 < pair.bytes.length - 1);
  expect(compared.length).toBeGreaterThan(800);
  for (const pair of compared) expect(pair.ours).toBe(pair.theirs);
});
