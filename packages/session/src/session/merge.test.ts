import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitOf, start, visit, type Anything } from "@galleta/test-support/sessions";
import { mergeBodies, mergeData } from "./merge.ts";

describe("mergeData", () => {
  it.each<[string, object, object, object, object, string[]]>([
    ["nothing", {}, {}, {}, {}, []],
    ["ours alone", { a: 1 }, { a: 1 }, { a: 2 }, { a: 2 }, []],
    ["theirs alone", { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }, []],
    ["both, different keys", { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 2 }, []],
    ["both, the same change", { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }, []],
    ["both, another change", { a: 1 }, { a: 2 }, { a: 3 }, { a: 3 }, ["a"]],
    ["ours adds", {}, { b: 1 }, { a: 1 }, { a: 1, b: 1 }, []],
    ["both add, differently", {}, { a: 1 }, { a: 2 }, { a: 2 }, ["a"]],
    ["ours deletes", { a: 1, b: 1 }, { a: 1, b: 2 }, { b: 1 }, { b: 2 }, []],
    ["theirs deletes", { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }, { b: 2 }, []],
    ["ours deletes what theirs changed", { a: 1 }, { a: 2 }, {}, {}, ["a"]],
    ["ours changes what theirs deleted", { a: 1 }, {}, { a: 2 }, { a: 2 }, ["a"]],
    ["nested", { a: { x: 1 } }, { a: { x: 1 }, b: 1 }, { a: { x: 2 } }, { a: { x: 2 }, b: 1 }, []],
    ["keys of objects", { toString: 1 }, { toString: 1, valueOf: 2 }, {}, { valueOf: 2 }, []],
  ])("%s", (_, base, theirs, ours, data, conflicts) => {
    const merged = mergeData(base as never, theirs as never, ours as never);
    expect(merged).toStrictEqual({ data, conflicts });
  });
});

it.each([
  ["x", '{"a":1}', '{"b":1}'],
  ['{"a":1}', "x", '{"b":1}'],
  ["x", "x", '{"b":1}'],
])("our change is kept if another one cannot be read: %s and %s", (base, theirs, ours) => {
  expect(mergeBodies(start().sessions.shared, "an id", base, theirs, ours)).toBe(ours);
});

/** What one request does: it sets or deletes a key. */
const key = fc.constantFrom("a", "b", "c", "d");
const change = fc.record({ key, value: fc.option(fc.integer({ min: 0, max: 3 })) });
const changes = fc.array(change, { maxLength: 4 });
type Snapshot = { key: string; value: number | null };

const apply = (data: Anything, list: readonly Snapshot[]) => {
  for (const { key: name, value } of list) {
    if (value === null) delete data[name];
    else data[name] = value;
  }
};

it("two overlapping requests: every change survives, and the later one of the same key, with either cookie", () => {
  fc.assert(
    fc.property(changes, changes, changes, fc.boolean(), (before, first, second, keepFirst) => {
      const { sessions, events } = start();
      const base: Anything = { keep: 1 };
      apply(base, before);
      const { cookie } = visit(sessions, "", (session) => void Object.assign(session, base));

      const [one, two] = [sessions.open(cookie), sessions.open(cookie)];
      apply(one.session, first);
      apply(two.session, second);
      const [of1, of2] = [{ ...one.session }, { ...two.session }];
      const sent = [commitOf(one), commitOf(two)].map(
        ({ setCookie: [line] }) => line?.split(";")[0],
      );

      // The model: a key that the second request left alone is as the first left it.
      const expected: Anything = {};
      const clashes: string[] = [];
      for (const name of ["a", "b", "c", "d", "keep"]) {
        const [was, his, hers] = [base[name], of1[name], of2[name]];
        const value = hers === was ? his : hers;
        if (value !== undefined) expected[name] = value;
        if (his !== was && hers !== was && his !== hers) clashes.push(name);
      }
      const kept = keepFirst ? (sent[0] ?? sent[1]) : (sent[1] ?? sent[0]);
      expect({ ...sessions.open(kept ?? cookie).session }).toEqual(expected);
      const told = events.filter(({ type }) => type === "conflict").flatMap(({ keys }) => keys);
      expect(told.toSorted()).toEqual(clashes);
    }),
    { numRuns: 500 },
  );
});
