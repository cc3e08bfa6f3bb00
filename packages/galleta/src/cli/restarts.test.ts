import { expect, it } from "vitest";
import { Restarts } from "./restarts.ts";

it("waits longer after each death, and starts anew after a minute", () => {
  const restarts = new Restarts(20);
  const delays = Array.from({ length: 10 }, (_, index) => restarts.next(index));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  expect(restarts.next(60_010)).toBe(100);
});

it("gives up after too many deaths within a minute", () => {
  const restarts = new Restarts(2);
  expect(restarts.next(0)).toBe(100);
  expect(restarts.next(1000)).toBe(200);
  expect(restarts.next(59_999)).toBeUndefined();
});
