import { describe, expect, test } from "vitest";
import { checkMethods, checkPattern, joinPattern } from "./route.ts";

describe("patterns", () => {
  test.each([
    ["/", "/items", "/items"],
    ["/api", "/", "/api"],
    ["/api", "/items/:id", "/api/items/:id"],
    ["/api/", "/items", "/api/items"],
    ["/a/b", "/**", "/a/b/**"],
    ["/", "/", "/"],
  ])("%s and %s give %s", (prefix, pattern, joined) => {
    expect(joinPattern(prefix, pattern)).toBe(joined);
  });

  test("are spelled as requests spell them", () => {
    expect(checkPattern("/grüße")).toBe("/gr%C3%BC%C3%9Fe");
    expect(checkPattern("/a/../b")).toBe("/b");
  });

  test.each([["items"], [""], ["http://a/b"], [7]])("%j is none", (wrong) => {
    expect(() => checkPattern(wrong as string)).toThrow(/slash/);
  });
});

describe("methods", () => {
  test("are GET, or those that are named, each once", () => {
    expect(checkMethods()).toEqual(["GET"]);
    expect(checkMethods(["POST", "M-SEARCH", "POST"])).toEqual(["POST", "M-SEARCH"]);
  });

  test.each([[[]], [["get"]], [["GET "]], [[7]]])("%j are none", (wrong) => {
    expect(() => checkMethods(wrong as string[])).toThrow(/upper case/);
  });
});
