import { describe, expect, it } from "vitest";
import { carried, isOver, nextCount, NO_EPOCH, readEpoch, writeEpoch } from "./epoch.ts";

const SERIES = 65_536;
const epoch = (count: number, keep = "") => ({ count, keep, at: 7 });

describe("the count of a user's revocations", () => {
  it("is read as it was written", () => {
    const value = writeEpoch({ count: 5, keep: "session", at: 1_000 });
    expect(value).toBe("1000 session");
    expect(readEpoch({ rev: 5, value })).toEqual({ count: 5, keep: "session", at: 1_000 });
    expect(readEpoch(undefined)).toEqual({ count: 0, keep: "", at: 0 });
    expect(readEpoch({ rev: 5, value: "" })).toEqual({ count: 5, keep: "", at: 0 });
  });

  it("goes up by one, and begins a new series at a random number", () => {
    expect(nextCount(SERIES * 3)).toBe(SERIES * 3 + 1);
    expect(nextCount(SERIES * 3 + SERIES - 2)).toBe(SERIES * 4 - 1);
    for (const last of [0, SERIES * 4 - 1]) {
      const [one, two] = [nextCount(last), nextCount(last)];
      expect([one % SERIES, two % SERIES]).toEqual([0, 0]);
      expect(Math.min(one, two)).toBeGreaterThanOrEqual(SERIES);
      expect(one).not.toBe(two);
      expect(Math.max(one, two)).toBeLessThan(SERIES * 2 ** 32);
    }
  });

  it("ends sessions with a lower count or of another series, except the one to keep", () => {
    const count = SERIES * 3 + 5;
    expect(isOver(epoch(count), "sid", count - 1)).toBe(true);
    expect(isOver(epoch(count), "sid", count)).toBe(false);
    expect(isOver(epoch(count), "sid", count + 1)).toBe(false);
    expect(isOver(epoch(count), "sid", SERIES * 4)).toBe(true);
    expect(isOver(epoch(count), "sid", 0)).toBe(true);
    expect(isOver(epoch(count, "sid"), "sid", 0)).toBe(false);
    expect(isOver(NO_EPOCH, "sid", SERIES)).toBe(false);
  });

  it("is 0 for a session that carries none", () => {
    expect([carried({}), carried({ epoch: "7" }), carried({ epoch: 7 })]).toEqual([0, 0, 7]);
  });
});
