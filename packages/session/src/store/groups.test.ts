import { expect, it } from "vitest";
import { readInGroups } from "./groups.ts";

it("keys are read in one step for each group, and returned in their order", async () => {
  const asked: [string, readonly string[]][] = [];
  const values = await readInGroups(
    ["a1", "b1", "a2", "c1", "b2"],
    (key) => key[0]!,
    async (keys, group) => {
      asked.push([group, keys]);
      return keys.map((key, i) => (group === "c" ? null : { rev: i, value: key }));
    },
  );
  expect(asked).toEqual([
    ["a", ["a1", "a2"]],
    ["b", ["b1", "b2"]],
    ["c", ["c1"]],
  ]);
  expect(values).toEqual([
    { rev: 0, value: "a1" },
    { rev: 0, value: "b1" },
    { rev: 1, value: "a2" },
    undefined,
    { rev: 1, value: "b2" },
  ]);
});
