import { describe, expect, it } from "vitest";
import { NEVER } from "../token/header.ts";
import { endOf, ownMaxAgeIn } from "./lifetime.ts";

describe("endOf", () => {
  const end = (
    maxAge: number | null,
    { exp = 2000, own, absolute = null }: { exp?: number; own?: number; absolute?: number | null },
  ) => {
    const json = own === undefined ? "{}" : `[{},{"maxAge":${own}}]`;
    return endOf({ born: 900, iat: 1000, exp, json }, { maxAge, absoluteMaxAge: absolute });
  };

  it.each([
    ["the token's expiry", end(1000, {}), 2000],
    ["sooner, if the option was shortened", end(500, {}), 1500],
    ["not later, if the option was lengthened", end(5000, {}), 2000],
    ["by its own lifetime, if that is longer than the option", end(500, { own: 900 }), 1900],
    ["the token's expiry, if its own lifetime is longer still", end(500, { own: 5000 }), 2000],
    ["by the absolute limit", end(1000, { absolute: 600 }), 1500],
    ["never", end(null, { exp: NEVER }), Number.POSITIVE_INFINITY],
    ["by the option that was set since", end(500, { exp: NEVER }), 1500],
  ])("is %s", (_, seconds, expected) => {
    expect(seconds).toBe(expected);
  });
});

it.each([
  ["{}", undefined],
  ['{"maxAge":60}', undefined],
  ['[{"maxAge":60},{}]', undefined],
  ['[{},{"maxAge":60}]', 60],
  ['[{},{"maxAge":null}]', null],
  ['[{},{"maxAge":60}', undefined],
])("the own lifetime in %s is %j", (json, expected) => {
  expect(ownMaxAgeIn(json)).toBe(expected);
});
