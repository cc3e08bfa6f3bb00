import { describe, expect, it } from "vitest";
import { judge } from "../bench/lib/findings.ts";
import { estimate } from "../bench/lib/stats.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe("an interval of the benchmark", () => {
  it.each([
    [5, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    // The ranks are those of the tables of the sign test.
    [6, 1, 6],
    [9, 2, 8],
    [15, 4, 12],
    [25, 8, 18],
  ])("of %i rounds lies between the values of these ranks", (count, low, high) => {
    const { median, ...bounds } = estimate(upTo(count).toReversed());
    expect(bounds).toEqual({ low, high });
    expect(median).toBe((count + 1) / 2);
  });
});

describe("a verdict of the benchmark", () => {
  const finding = { what: "", unit: "x", rounds: upTo(9) };

  it.each([
    [{ atMost: 8 }, "inside"],
    [{ atMost: 7.9 }, "undecided"],
    [{ atMost: 1.9 }, "over"],
    [{ atLeast: 2 }, "inside"],
    [{ atLeast: 2.1 }, "undecided"],
    [{ atLeast: 8.1 }, "over"],
    [{}, ""],
  ])("on nine rounds of 1 to 9 with a goal of %j is %j", (goal, verdict) => {
    expect(judge({ ...finding, ...goal })).toBe(verdict);
  });

  it("is not given after too few rounds", () => {
    expect(judge({ ...finding, rounds: upTo(5), atMost: 100 })).toBe("undecided");
  });
});
