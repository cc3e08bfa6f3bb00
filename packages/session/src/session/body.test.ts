import { describe, expect, it } from "vitest";
import { flatCopy, isSame } from "./body.ts";
import type { JsonObject } from "./format.ts";

const flat = { user: "ada", views: 3, admin: false, gone: null };

it("recognizes unchanged data in any order", () => {
  expect(isSame({ ...flat }, flat)).toBe(true);
  expect(isSame({ gone: null, admin: false, views: 3, user: "ada" }, flat)).toBe(true);
  expect(isSame({}, {})).toBe(true);
});

it.each<[string, JsonObject]>([
  ["a new value", { ...flat, views: 4 }],
  ["a value of another type", { ...flat, views: "3" }],
  ["null for false", { ...flat, admin: null }],
  ["one key more", { ...flat, more: 1 }],
  ["one key less", { user: "ada", views: 3, admin: false }],
  ["another key in its place", { user: "ada", views: 3, admin: false, went: null }],
  ["something nested", { ...flat, views: [3] }],
  ["nothing left", {}],
])("notices %s", (_what, data) => {
  expect(isSame(data, flat)).toBe(false);
});

it("notices a symbol as a key, which JSON would drop", () => {
  expect(isSame({ ...flat, [Symbol("views")]: 1 } as JsonObject, flat)).toBe(false);
});

it("notices a key that exists without a value", () => {
  const data: Record<string, unknown> = { ...flat, more: undefined };
  expect(isSame(data as JsonObject, flat)).toBe(false);
  expect(isSame({ ...flat, views: Number.NaN }, flat)).toBe(false);
});

describe("a copy for the next request", () => {
  it("contains the values after a JSON round trip", () => {
    expect(flatCopy(flat, {})).toEqual(JSON.parse(JSON.stringify(flat)));
  });

  it.each<[string, object]>([
    ["NaN", { views: Number.NaN }],
    ["Infinity", { views: Number.POSITIVE_INFINITY }],
    ["minus zero", { views: -0 }],
    ["undefined", { views: undefined }],
    ["a function", { views: () => 1 }],
    ["a BigInt", { views: 1n }],
    ["a symbol as a value", { views: Symbol("views") }],
    ["a symbol as a key", { ...flat, [Symbol("views")]: 1 }],
    ["an object", { views: {} }],
    ["a list", { views: [] }],
    ["the key __proto__", JSON.parse('{"__proto__":1}') as object],
  ])("is not made with %s", (_what, data) => {
    expect(flatCopy(data as JsonObject, {})).toBeUndefined();
  });

  it("is not made with metadata", () => {
    expect(flatCopy(flat, { label: "Firefox" })).toBeUndefined();
  });
});
