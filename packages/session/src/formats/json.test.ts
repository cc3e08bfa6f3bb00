import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sessions } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { MAX_DEPTH, MAX_JSON_BYTES } from "./bounds.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";
import { numberLiteral, type NumberStyle } from "./numbers.ts";

const style = (numbers: NumberStyle): JsonStyle => ({ numbers });
const STYLES = ["js", "python", "ruby"] as const;

/** Reads what another framework wrote and writes it again. */
const throughUs = (text: string, numbers: NumberStyle) =>
  writeForeignObject(parseForeignObject(text, numbers) ?? {}, style(numbers));

describe("reading", () => {
  it.each([
    "",
    " ",
    "{",
    "}",
    "[]",
    '"a"',
    "1",
    "null",
    "{}{}",
    "{} x",
    "\ufeff{}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{,}",
    '{"a":[1,]}',
    '{"a":[,]}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":1e}',
    '{"a":-}',
    '{"a":0x1}',
    '{"a":--1}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    '{"a":"\\',
    '{"a":"',
    "{'a':1}",
    '{"a":undefined}',
    '{"a":nul}',
    '{"a":1e999}',
    '{"a" 1}',
    '{1:"a"}',
    '{"a":1\u00a0}',
    "{\u2028}",
  ])("rejects %j", (text) => {
    for (const numbers of STYLES) expect(parseForeignObject(text, numbers)).toBeUndefined();
  });

  it("reads the JSON that JSON.parse reads, to the same value", () => {
    fc.assert(
      fc.property(sessions(), fc.constantFrom(0, 1, "\t"), (session, indent) => {
        const text = JSON.stringify(session, null, indent);
        expect(parseForeignObject(text, "js")).toEqual(JSON.parse(text));
      }),
    );
  });

  it("accepts exactly the texts that JSON.parse accepts", () => {
    const piece = fc.constantFrom(
      ...'{}[]:," \\n0123456789.-+eE'.split(""),
      '"a"',
      "true",
      "null",
      "\\u0041",
      '{"a":1}',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = `{"k":${pieces.join("")}}`;
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expected = undefined;
        }
        const read = parseForeignObject(text, "js");
        if (read === undefined && /\d[eE]?\+?\d{3}/.test(text)) return;
        expect(read).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("drops __proto__ in every spelling and keeps the other keys", () => {
    const read = parseForeignObject(
      '{"__proto__":{"admin":true},"a":{"__pr\\u006fto__":1,"b":2},"constructor":3}',
      "python",
    );
    expect(read).toEqual({ a: { b: 2 }, constructor: 3 });
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it("accepts the same depth as the engine", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(parseForeignObject(nested(MAX_DEPTH - 1), "js")).toBeDefined();
    expect(parseForeignObject(nested(MAX_DEPTH), "js")).toBeUndefined();
    expect(parseForeignObject(`{"a":${"[".repeat(60_000)}`, "js")).toBeUndefined();
    expect(parseForeignObject('{"a":'.repeat(10_000), "js")).toBeUndefined();
  });

  it("rejects a longer text without parsing it", () => {
    const text = (length: number) => `{"a":"${"x".repeat(length - 8)}"}`;
    expect(parseForeignObject(text(MAX_JSON_BYTES), "js")).toBeDefined();
    expect(parseForeignObject(text(MAX_JSON_BYTES + 1), "js")).toBeUndefined();
  });
});

describe("numbers that JavaScript cannot hold", () => {
  it.each([
    ["9007199254740992", { $number: "9007199254740992" }],
    ["-12345678901234567890", { $number: "-12345678901234567890" }],
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
    ["NaN", { $number: "NaN" }],
    ["Infinity", { $number: "Infinity" }],
    ["-Infinity", { $number: "-Infinity" }],
    ["1e+22", 1e22],
    ["1.7976931348623157e+308", Number.MAX_VALUE],
    ["5e-324", Number.MIN_VALUE],
    ["0.1", 0.1],
  ])("Python's %s is %j, and is written back as it was", (literal, value) => {
    const text = `{"n":${literal},"list":[${literal}]}`;
    expect(parseForeignObject(text, "python")).toEqual({ n: value, list: [value] });
    expect(throughUs(text, "python")).toBe(text);
  });

  it("are rejected in JavaScript's JSON, and NaN also in Ruby's", () => {
    expect(parseForeignObject('{"n":NaN}', "js")).toBeUndefined();
    expect(parseForeignObject('{"n":-Infinity}', "ruby")).toBeUndefined();
    expect(throughUs('{"n":12345678901234567890}', "ruby")).toBe('{"n":12345678901234567890}');
  });

  it("are distinguished from objects that only look like them", () => {
    const text =
      '{"a":{"$number":"NaN"},"b":NaN,"c":{"$$number":"NaN"},"d":{"$number":"5"},"e":{"$number":"NaN","x":1}}';
    expect(parseForeignObject(text, "python")).toEqual({
      a: { $$number: "NaN" },
      b: { $number: "NaN" },
      c: { $$$number: "NaN" },
      d: { $number: "5" },
      e: { $number: "NaN", x: 1 },
    });
    expect(throughUs(text, "python")).toBe(text);
    expect(throughUs('{"$number":"NaN"}', "python")).toBe('{"$number":"NaN"}');
  });

  it("cannot be used to write anything but a number", () => {
    const attempts = ["1,2", "NaN}", " NaN", "1e5", "007", "1".repeat(4301), "", "0x10", "nan"];
    for (const $number of attempts) {
      const text = writeForeignObject({ a: { $number } }, style("python"));
      expect(JSON.parse(text)).toEqual({ a: { $number } });
    }
  });
});

describe("writing", () => {
  it("writes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(sessions(), (session) => {
        expect(writeForeignObject(session, style("js"))).toBe(JSON.stringify(session));
      }),
    );
  });

  it("writes JSON that it reads back, in every style", () => {
    fc.assert(
      fc.property(
        sessions(),
        fc.constantFrom(...STYLES),
        fc.boolean(),
        (session, numbers, ascii) => {
          const text = writeForeignObject(session, { ...style(numbers), ascii });
          if (ascii) expect(text).toMatch(/^[ -~]*$/);
          // JSON turns -0 into 0.
          expect(parseForeignObject(text, numbers)).toEqual(JSON.parse(JSON.stringify(session)));
        },
      ),
    );
  });

  it.each([
    [2 ** 53, "9.007199254740992e+15"],
    [1e16, "1e+16"],
    [-1234567890123456800, "-1.2345678901234568e+18"],
    [2 ** 53 - 1, "9007199254740991"],
    [-1.5e-7, "-1.5e-7"],
    [3, "3"],
    [-0.5, "-0.5"],
  ])(
    "writes %d with an exponent, so that Python and Ruby do not read an integer",
    (number, text) => {
      expect(numberLiteral(number, "python")).toBe(text);
      expect(numberLiteral(number, "ruby")).toBe(text);
      expect(numberLiteral(number, "js")).toBe(JSON.stringify(number));
    },
  );

  it("accepts the same values as JSON.stringify: toJSON, keys set to undefined, a null prototype", () => {
    const session = Object.assign(Object.create(null) as object, {
      at: new Date(0),
      gone: undefined,
      in: { gone: undefined, url: new URL("http://a/") },
    });
    expect(writeForeignObject(session, style("python"))).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","in":{"url":"http://a/"}}',
    );
  });

  it("never writes __proto__", () => {
    const session = JSON.parse('{"__proto__":1,"a":{"__proto__":2}}') as JsonObject;
    expect(writeForeignObject(session, style("js"))).toBe('{"a":{}}');
  });

  it.each([
    ["a function", { a: () => 1 }],
    ["NaN", { a: [NaN] }],
    ["a BigInt", { a: 1n }],
    ["a Map", { a: new Map() }],
    ["undefined in an array", { a: [undefined] }],
  ])("throws for %s", (_, session) => {
    expect(() => writeForeignObject(session, style("js"))).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
    );
  });

  it("throws for a session that it could not read back", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(() => writeForeignObject(cycle, style("js"))).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
    );
    const long = { a: "x".repeat(MAX_JSON_BYTES) };
    expect(() => writeForeignObject(long, style("js"))).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_TOO_LARGE" }),
    );
    const wrap = (session: JsonObject): JsonObject => ({ a: { b: session } });
    let deep: JsonObject = {};
    for (let i = 0; i < MAX_DEPTH - 1; i += 1) deep = { a: deep };
    expect(() => writeForeignObject(deep, style("js"))).not.toThrow();
    expect(() => writeForeignObject(deep, { ...style("js"), transform: wrap })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
    );
  });
});
