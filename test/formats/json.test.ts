import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseForeignObject } from "../../packages/session/src/formats/json-read.ts";
import { writeForeignObject } from "../../packages/session/src/formats/json-write.ts";
import type { NumberStyle } from "../../packages/session/src/formats/numbers.ts";
import type { JsonObject } from "../../packages/session/src/session/format.ts";
import { sessions } from "../support/formats.ts";
import { available, command, PYTHON, RUBY, rubyLibrary } from "../support/require.ts";

// Each line of input is JSON that this project wrote. Each line of output is the same data from the
// other language's own library. Both must mean the same.
const PYTHON_ECHO = `
import json, sys
for line in sys.stdin: print(json.dumps(json.loads(line), separators=(",", ":"), sort_keys=True))
`;
const RUBY_ECHO = `
require "active_support/all"
STDOUT.set_encoding("UTF-8")
STDIN.set_encoding("UTF-8")
STDIN.each_line { |line| puts ActiveSupport::JSON.encode(ActiveSupport::JSON.decode(line)) }
`;
const languages = [
  {
    numbers: "python",
    need: [command(PYTHON, "python3")],
    run: [PYTHON, ["-c", PYTHON_ECHO]],
  },
  {
    numbers: "ruby",
    need: [command(RUBY, "ruby"), rubyLibrary("active_support/all", "ruby-activesupport")],
    run: [RUBY, ["-e", RUBY_ECHO]],
  },
] as const;

const random64Bits = fc
  .tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))
  .map(([high, low]) => new DataView(new Uint32Array([high, low]).buffer).getFloat64(0))
  .filter((number) => Number.isFinite(number));
const shortDecimal = fc
  .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -30, max: 30 }))
  .map(([digits, power]) => Number(`${digits}e${power}`));
const atTheEdge = fc
  .tuple(fc.integer({ min: -8, max: 20 }), fc.double({ min: 0.1, max: 10, noNaN: true }))
  .map(([power, digits]) => digits * 10 ** power);
const numbers = fc
  .array(fc.oneof(random64Bits, shortDecimal, atTheEdge, fc.maxSafeInteger()), { maxLength: 20 })
  .map((list): JsonObject => ({ list }));

describe.each(languages)("the JSON of $numbers", ({ numbers: kind, need, run }) => {
  const echo = (lines: readonly string[]) => {
    const [path, args] = run;
    const result = spawnSync(path, args, { input: lines.join("\n"), encoding: "utf8" });
    expect(result.stderr).toBe("");
    return result.stdout.trimEnd().split("\n");
  };
  const write = (session: JsonObject, numberStyle: NumberStyle) =>
    writeForeignObject(session, { numbers: numberStyle });

  it.runIf(available(...need))(
    "is read there with the same meaning, text and numbers alike",
    () => {
      const samples = [...fc.sample(sessions(), 300), ...fc.sample(numbers, 1000)];
      const lines = samples.map((session) => write(session, kind));
      const meant = (line: string) => parseForeignObject(line, kind);
      expect(echo(lines).map(meant)).toEqual(lines.map(meant));
    },
  );

  it.runIf(available(...need))("keeps integers of any size", () => {
    const big = fc.sample(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), 200);
    const lines = echo(big.map((number) => `{"a":[${number}]}`));
    const through = lines.map((line) => write(parseForeignObject(line, kind) ?? {}, kind));
    expect(through).toEqual(big.map((number) => `{"a":[${number}]}`));
  });
});
