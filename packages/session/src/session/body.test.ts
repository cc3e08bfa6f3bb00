import { expect, it } from "vitest";
import { isSame } from "./body.ts";
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

it("notices a key that exists without a value", () => {
  const data: Record<string, unknown> = { ...flat, more: undefined };
  expect(isSame(data as JsonObject, flat)).toBe(false);
  expect(isSame({ ...flat, views: Number.NaN }, flat)).toBe(false);
});
