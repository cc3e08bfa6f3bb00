import { describe, expect, test } from "vitest";
import { checkPattern, checkRouteOptions, joinPattern } from "./route.ts";

describe("patterns", () => {
  test.each([
    ["/", "/items", "/items"],
    ["/api", "/", "/api"],
    ["/api", "/items/:id", "/api/items/:id"],
    ["/api/", "/items", "/api/items"],
    ["/a/b", "/**", "/a/b/**"],
    ["/", "/", "/"],
  ])("%s matches %s with %s", (prefix, pattern, joined) => {
    expect(joinPattern(prefix, pattern)).toBe(joined);
  });

  test("are normalized as request paths are", () => {
    expect(checkPattern("/grüße")).toBe("/gr%C3%BC%C3%9Fe");
    expect(checkPattern("/a/../b")).toBe("/b");
  });

  test.each([["items"], [""], ["http://a/b"], [7]])("throw for %j", (wrong) => {
    expect(() => checkPattern(wrong as string)).toThrow(/slash/);
  });
});

describe("the options of a route", () => {
  test("name GET, or the given methods, each once", () => {
    expect(checkRouteOptions({}).methods).toEqual(["GET"]);
    const { methods } = checkRouteOptions({ methods: ["POST", "M-SEARCH", "POST"] });
    expect(methods).toEqual(["POST", "M-SEARCH"]);
  });

  test.each([[["get"]], [["GET "]], [[7]]])("throw for %j as methods", (wrong) => {
    expect(() => checkRouteOptions({ methods: wrong as never })).toThrow(/upper case/);
  });

  test("suggest the method that was probably meant", () => {
    // @ts-expect-error no method has this name
    expect(() => checkRouteOptions({ methods: ["PSOT"] })).toThrow('Did you mean "POST"?');
    expect(() => checkRouteOptions({ methods: [] })).toThrow("list of HTTP methods");
  });

  test("throw for an unknown option and a limit that is not a number of bytes", () => {
    expect(() => checkRouteOptions({ method: "POST" } as never)).toThrow(
      'no option of a route "method". Did you mean methods?',
    );
    expect(() => checkRouteOptions({ bodyLimit: -1 })).toThrow("whole number of bytes");
  });
});
