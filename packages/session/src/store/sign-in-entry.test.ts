import { describe, expect, it } from "vitest";
import type { Draft, Snapshot } from "../session/records.ts";
import { entryOf, handleOf, handleOfEntry, isEntryDue, labelIn } from "./sign-in-entry.ts";

const LIFETIMES = { maxAge: 100, absoluteMaxAge: null };
const issued = (iat: number) => ({ sid: "id", rev: 1, json: "{}", born: 0, iat, exp: iat + 100 });

/** A session that began at 0 and was last issued at `iat`. */
function draft(iat: number, meta: object = {}, loaded: object = {}): Draft {
  return { born: 0, meta, loaded: { iat, meta: {}, ...loaded } } as unknown as Draft;
}

describe("the entry of a session", () => {
  it("has its times and revocations, and only what is known of its user, label and device", () => {
    const given = (meta: object) =>
      ({
        draft: draft(0, meta),
        before: undefined,
        issued: issued(5) as Snapshot,
        epoch: 3,
      }) as const;
    const times = { sid: "id", born: 0, iat: 5, exp: 105, epoch: 3 };
    expect(entryOf(given({}), undefined)).toStrictEqual(times);
    const whole = { label: "Firefox", device: { until: 9 } };
    expect(entryOf(given(whole), "u:ada")).toStrictEqual({
      ...times,
      user: "u:ada",
      label: "Firefox",
      bound: true,
    });
  });

  it("is due once in each tenth of the lifetime, counted from the beginning", () => {
    const isDue = (from: number, to: number) =>
      isEntryDue(LIFETIMES, draft(from), issued(to) as Snapshot);
    expect([isDue(0, 9), isDue(9, 10), isDue(10, 19), isDue(10, 20), isDue(0, 50)]).toEqual([
      false,
      true,
      false,
      true,
      true,
    ]);
  });

  it("is due if its label, lifetime or device changed, or the cookie is another", () => {
    const isDue = (meta: object, loaded: object = {}) =>
      isEntryDue(LIFETIMES, draft(0, meta, loaded), issued(1) as Snapshot);
    expect(isDue({})).toBe(false);
    for (const meta of [{ label: "Firefox" }, { maxAge: 50 }, { device: { until: 9 } }]) {
      expect([isDue(meta), isDue({}, { meta }), isDue(meta, { meta })]).toEqual([
        true,
        true,
        false,
      ]);
    }
    expect([isDue({}, { reissue: true }), isDue({}, { isForeign: true })]).toEqual([true, true]);
  });

  it("of a session that ends with the browser is not due by time", () => {
    const lifetimes = { ...LIFETIMES, maxAge: null };
    expect(isEntryDue(lifetimes, draft(0), issued(1_000_000) as Snapshot)).toBe(false);
  });
});

it("the handle of a session names its user's list and a hash of its id", () => {
  const handle = handleOf("u:ada", "id");
  expect(handle).toMatch(/^ada\.[\w-]{10,}$/);
  expect(handleOfEntry({ user: "u:ada", ...issued(0), epoch: 0 })).toBe(handle);
  expect(handleOfEntry({ ...issued(0), epoch: 0 })).toBe(handle.slice(3));
  expect(handleOf("u:ada", "other")).not.toBe(handle);
});

it("a label is a text", () => {
  expect([labelIn({ label: "Firefox" }), labelIn({ label: 7 }), labelIn({})]).toEqual([
    "Firefox",
    undefined,
    undefined,
  ]);
});
