import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NEVER } from "./header.ts";
import { expiryOf, judgeTimes, SKEW } from "./times.ts";

const none = { maxAge: null, absoluteMaxAge: null };
const T = 1_800_000_000;

describe("judgeTimes", () => {
  it.each<[string, [number, number, number], number, object, string | undefined]>([
    ["at once", [T, T, T + 10], T, {}, undefined],
    ["in its last second", [T, T, T + 10], T + 9, {}, undefined],
    ["when it ends", [T, T, T + 10], T + 10, {}, "expired"],
    ["idle, in the last second", [T, T, NEVER], T + 59, { maxAge: 60 }, undefined],
    ["idle, at its end", [T, T, NEVER], T + 60, { maxAge: 60 }, "expired"],
    [
      "absolute, in the last second",
      [T, T + 50, NEVER],
      T + 99,
      { absoluteMaxAge: 100 },
      undefined,
    ],
    ["absolute, at its end", [T, T + 50, NEVER], T + 100, { absoluteMaxAge: 100 }, "expired"],
    ["longer allowed than it says", [T, T, T + 10], T + 10, { maxAge: 60 }, "expired"],
    ["issued within the skew", [T, T + SKEW, T + 100], T, {}, undefined],
    ["issued beyond the skew", [T, T + SKEW + 1, T + 100], T, {}, "future"],
    ["born after it was issued", [T + 1, T, T + 10], T + 1, {}, "time"],
    ["ended as it was issued", [T, T, T], T, {}, "time"],
    ["ended before it was issued", [T, T, T - 1], T, {}, "time"],
    ["without an end", [T, T, NEVER], NEVER - 1, {}, undefined],
    ["in 2106", [0, NEVER - 1, NEVER], NEVER - 1, {}, undefined],
  ])("%s", (_, [born, iat, exp], now, lifetimes, verdict) => {
    expect(judgeTimes({ born, iat, exp }, now, { ...none, ...lifetimes })).toBe(verdict);
  });
});

const lifetime = fc.option(fc.integer({ min: 1, max: 34_560_000 }));
const lifetimes = fc.record({ maxAge: lifetime, absoluteMaxAge: lifetime });

describe("expiryOf", () => {
  it("is the nearer of both limits, and fits the format", () => {
    expect(expiryOf(T, T + 5, { maxAge: 10, absoluteMaxAge: 12 })).toBe(T + 12);
    expect(expiryOf(T, T + 5, { maxAge: 10, absoluteMaxAge: 99 })).toBe(T + 15);
    expect(expiryOf(T, T + 5, none)).toBe(NEVER);
    expect(expiryOf(NEVER, NEVER, { maxAge: 10, absoluteMaxAge: 10 })).toBe(NEVER);
  });

  it("never goes beyond the absolute limit, however often a session is used", () => {
    fc.assert(
      fc.property(lifetimes, fc.array(fc.integer({ min: 0, max: 10_000_000 })), (given, pauses) => {
        let times = { born: T, iat: T, exp: expiryOf(T, T, given) };
        let now = T;
        for (const pause of pauses) {
          now += pause;
          if (judgeTimes(times, now, given) !== undefined) break;
          if (given.absoluteMaxAge !== null) expect(now).toBeLessThan(T + given.absoluteMaxAge);
          if (given.maxAge !== null) expect(pause).toBeLessThan(given.maxAge);
          times = { born: T, iat: now, exp: expiryOf(T, now, given) };
        }
      }),
    );
  });
});
