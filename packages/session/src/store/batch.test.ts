import { describe, expect, it } from "vitest";
import { Batch } from "./batch.ts";

function batch(most = 10) {
  const runs: (readonly string[])[] = [];
  const made = new Batch(
    async (items: readonly string[]) => {
      runs.push(items);
      if (items.includes("fails")) throw new Error("the database is away");
      return items.map((item) => item.toUpperCase());
    },
    { most, sizeOf: ({ length }) => length, nameOf: (item) => item[0] ?? "" },
  );
  return { made, runs };
}

describe("a batch", () => {
  it("sends the items of one turn of the event loop in one step, and answers each", async () => {
    const { made, runs } = batch();
    const answers = await Promise.all(["a", "b", "c"].map((item) => made.add(item)));
    expect(answers).toEqual(["A", "B", "C"]);
    expect(runs).toEqual([["a", "b", "c"]]);
    expect(await made.add("later")).toBe("LATER");
    expect(runs).toHaveLength(2);
  });

  it("stays below its size, unless one item alone is larger", async () => {
    const { made, runs } = batch(4);
    await Promise.all(["aaa", "bb", "c", "dddddddd", "e"].map((item) => made.add(item)));
    expect(runs).toEqual([["aaa"], ["bb", "c"], ["dddddddd"], ["e"]]);
  });

  it("puts items of one name into different batches, and keeps their order", async () => {
    const { made, runs } = batch();
    const answers = await Promise.all(["a1", "b", "a2"].map((item) => made.add(item)));
    expect(answers).toEqual(["A1", "B", "A2"]);
    expect(runs).toEqual([["a1", "b"], ["a2"]]);
  });

  it("fails only its own items, not later ones", async () => {
    const { made } = batch();
    const outcomes = await Promise.allSettled([made.add("fails"), made.add("b")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await made.add("c")).toBe("C");
  });
});
