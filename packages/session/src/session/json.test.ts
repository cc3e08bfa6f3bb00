import { parse as parseQuery } from "node:querystring";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionError } from "../errors.ts";
import { assertDictionary, assertJson, assertJsonValue, isObject, parseBody } from "./json.ts";

const fault = (data: object) => {
  try {
    assertJson(data);
  } catch (error) {
    expect(error).toMatchObject({ name: "SessionError", code: "ERR_SESSION_NOT_JSON" });
    return (error as Error).message.split(",")[0];
  }
  return undefined;
};
const nest = (depth: number): unknown => (depth === 0 ? 1 : { a: nest(depth - 1) });
const cycle: Record<string, unknown> = { a: [1] };
cycle["self"] = { cycle };
class Point {
  x = 1;
}
const sparse = [1];
sparse[2] = 3;

describe("a value that JSON cannot carry is named by its path", () => {
  it.each<[string, object, string]>([
    ["a function", { f: () => 1 }, "session.f is a function"],
    ["a nested function", { a: { b: [0, { f() {} }] } }, "session.a.b[1].f is a function"],
    ["a class", { a: class {} }, "session.a is a function"],
    ["a symbol", { s: Symbol("s") }, "session.s is a symbol"],
    ["a BigInt", { n: 1n }, "session.n is a bigint"],
    ["a boxed BigInt", { n: Object(1n) }, "session.n is a BigInt"],
    ["NaN", { n: Number.NaN }, "session.n is NaN"],
    ["Infinity", { a: [Number.POSITIVE_INFINITY] }, "session.a[0] is Infinity"],
    ["-Infinity", { a: { b: Number.NEGATIVE_INFINITY } }, "session.a.b is -Infinity"],
    ["undefined in an array", { a: [1, undefined] }, "session.a[1] is undefined"],
    ["a hole", { a: sparse }, "session.a[1] is undefined"],
    ["a cycle", { cycle }, "session.cycle.self.cycle is inside itself"],
    ["a Map", { m: new Map() }, "session.m is a Map"],
    ["a Set", { a: [new Set([1])] }, "session.a[0] is a Set"],
    ["a RegExp", { r: /a/ }, "session.r is a RegExp"],
    ["an Error", { e: new Error("x") }, "session.e is a Error"],
    ["a promise", { p: Promise.resolve() }, "session.p is a Promise"],
    ["bytes", { b: new Uint8Array(2) }, "session.b is a Uint8Array"],
    ["a boxed string", { s: Object("s") }, "session.s is a String"],
    ["an invalid Date", { d: new Date(Number.NaN) }, "session.d is an invalid Date"],
    [
      "too much depth",
      { d: nest(65) },
      `session.d${".a".repeat(64)} is nested more than 64 levels deep`,
    ],
    ["toJSON giving undefined", { t: { toJSON() {} } }, "session.t is undefined"],
    ["toJSON giving a BigInt", { t: { toJSON: () => [1n] } }, "session.t[0] is a bigint"],
    ["toJSON giving itself", { t: selfish() }, "session.t.big is a bigint"],
    [
      "an object of a class",
      { p: [new Point()] },
      "session.p[0] is an instance of the class Point",
    ],
    [
      "one of a class without a name",
      { p: new (class {})() },
      "session.p is an instance of a class",
    ],
    ["a symbol on top", { [Symbol("s")]: 1 }, "session[Symbol(s)] has a symbol as its key"],
    [
      "a symbol inside",
      { a: { [Symbol("s")]: 1 } },
      "session.a[Symbol(s)] has a symbol as its key",
    ],
    ["a property of an array", { m: /b/.exec("abc") }, "session.m.index is a property of an array"],
    ["toJSON on top", { toJSON: () => ({}) }, "session.toJSON is a function"],
  ])("%s", (_, data, message) => {
    expect(fault(data)).toBe(message);
  });

  function selfish() {
    return {
      big: 1n,
      toJSON() {
        return this;
      },
    };
  }
});

describe("a value that JSON can carry is accepted", () => {
  const hidden = Object.defineProperty({}, Symbol("mark"), { value: 1, enumerable: false });
  const shared = { a: 1 };
  it.each<[string, object, unknown]>([
    ["nothing", {}, {}],
    ["every kind", { a: "", b: 0, c: true, d: null, e: [], f: {} }, undefined],
    ["undefined, as no key", { a: undefined, b: { c: undefined } }, { b: {} }],
    ["-0, as 0", { a: -0 }, { a: 0 }],
    ["a Date, as text", { a: new Date(0) }, { a: "1970-01-01T00:00:00.000Z" }],
    ["a URL, as text", { a: new URL("http://a/") }, { a: "http://a/" }],
    ["an object of another realm", { a: runInNewContext("({ b: [1] })") }, { a: { b: [1] } }],
    ["a parsed query string", { a: parseQuery("b=1") }, { a: { b: "1" } }],
    ["symbols that are hidden", { a: hidden }, { a: {} }],
    ["the same object twice", { a: shared, b: [shared, shared] }, undefined],
    ["64 levels", { a: nest(63) }, undefined],
    ["a lone surrogate", { a: "\ud800" }, undefined],
    ["a null prototype", { a: Object.assign(Object.create(null), { b: 1 }) }, { a: { b: 1 } }],
    ["keys that objects have", { constructor: 1, toString: "", hasOwnProperty: {} }, undefined],
  ])("%s", (_, data, expected) => {
    expect(fault(data)).toBeUndefined();
    expect(JSON.parse(JSON.stringify(data))).toEqual(expected ?? data);
  });

  it("and stays the same, except as documented", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withSparseArray: true,
            withTypedArray: true,
            withObjectString: true,
            withBoxedValues: true,
            withNullPrototype: true,
          }),
        ),
        (data) => {
          if (fault(data) !== undefined) return;
          const text = JSON.stringify(data);
          // A value that came through once comes through again, unchanged.
          const back: object = JSON.parse(text);
          expect(fault(back)).toBeUndefined();
          expect(JSON.stringify(back)).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("assertJsonValue uses the given name", () => {
    expect(() => assertJsonValue({ a: [1n] }, "it")).toThrow(/^it\.a\[0\] is a bigint/);
    expect(() => assertJsonValue("fine", "it")).not.toThrow();
  });
});

describe("parseBody", () => {
  it.each<[string, object, object]>([
    ["{}", {}, {}],
    ['{"a":1}', { a: 1 }, {}],
    ['[{"a":1},{"flash":{"b":2}}]', { a: 1 }, { flash: { b: 2 } }],
    ["[{},{}]", {}, {}],
  ])("%s", (json, data, meta) => {
    expect(parseBody(json)).toEqual({ data, meta });
  });

  it.each([
    "",
    " ",
    "null",
    "1",
    '"a"',
    "[]",
    "[{}]",
    "[{},{},{}]",
    "[1,{}]",
    "[{},null]",
    "[[],{}]",
    "{",
    '{"a":}',
    "{}x",
    "undefined",
    "NaN",
    "\ufeff{}",
  ])("%j is rejected", (json) => expect(parseBody(json)).toBeUndefined());

  it("drops __proto__ at every depth and in every spelling", () => {
    const spellings = [
      "__proto__",
      "\\u005f_proto__",
      "__pr\\u006Fto__",
      "\\u005F\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f",
    ];
    for (const key of spellings) {
      const evil = `"${key}":{"admin":true}`;
      const json = `{${evil},"a":{${evil},"b":[{${evil},"c":1}]}}`;
      for (const body of [parseBody(json), parseBody(`[{"d":${json}},${json}]`)]) {
        expect(JSON.stringify(body)).not.toContain("admin");
        expect(({} as { admin?: boolean }).admin).toBeUndefined();
      }
      expect(parseBody(json)?.data).toEqual({ a: { b: [{ c: 1 }] } });
      const { data } = parseBody(json) ?? expect.fail();
      expect(Object.getPrototypeOf(data["a"])).toBe(Object.prototype);
      expect((data as { admin?: boolean }).admin).toBeUndefined();
    }
  });

  it("keeps __proto__ as a value", () => {
    expect(parseBody('{"a":"__proto__","b":["\\u005f_proto__"]}')?.data).toEqual({
      a: "__proto__",
      b: ["__proto__"],
    });
  });
});

describe("a session cannot be replaced", () => {
  const symbol = { [Symbol("key")]: 1 };
  it.each(
    [new Map(), new Date(0), [], null, 1, "a", () => 1, /a/, new Point(), symbol].map((each) => [
      each,
    ]),
  )("by %o", (value) => {
    expect(() => assertDictionary(value)).toThrow(SessionError);
  });
  it.each([[null, 1, "a", () => 1]].flat())("%o is told what a session must be", (value) => {
    expect(() => assertDictionary(value)).toThrow(/must be an object, or null/);
  });
  it("the message names the session", () => {
    expect(() => assertDictionary(new Map())).toThrow(/^session is a Map,/);
  });
  it.each([{}, Object.create(null), new Proxy({}, {}), parseQuery("a=1"), runInNewContext("({})")])(
    "unless it is an object with keys: %o",
    (value) => {
      expect(() => assertDictionary(value)).not.toThrow();
      expect(isObject(value)).toBe(true);
    },
  );
});
