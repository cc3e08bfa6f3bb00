import { describe, expect, it } from "vitest";
import { Batch } from "./batch.ts";
import { Pace } from "./pace.ts";

function batch(most = 10) {
  const runs: (readonly string[])[] = [];
  const made = new Batch(
    async (items: readonly string[]) => {
      runs.push(items);
      if (items.includes("fails")) throw new Error("the database is away");
      return items.map((item) => item.toUpperCase());
    },
    { pace: new Pace(), most, sizeOf: ({ length }) => length },
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

  it("may have exactly its size, and is not sent without an item", async () => {
    const { made, runs } = batch(4);
    await Promise.all(["aaaaaaaa", "bb", "cc", "d"].map((item) => made.add(item)));
    expect(runs).toEqual([["aaaaaaaa"], ["bb", "cc"], ["d"]]);
  });

  it("fails only its own items, not later ones", async () => {
    const { made } = batch();
    const outcomes = await Promise.allSettled([made.add("fails"), made.add("b")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await made.add("c")).toBe("C");
  });

  describe("whose command before is unanswered", () => {
    /** A batch whose commands the test answers. */
    function slow(pace = new Pace()) {
      const runs: (readonly string[])[] = [];
      const answers: (() => void)[] = [];
      const made = new Batch(
        (items: readonly string[]) => {
          runs.push(items);
          return new Promise<readonly string[]>((resolve) => answers.push(() => resolve(items)));
        },
        { pace, most: 100, sizeOf: ({ length }) => length },
      );
      return { made, runs, answer: () => answers.shift()?.() };
    }
    const turn = () => new Promise((resolve) => setImmediate(resolve));

    it("collects the items of several turns, and sends them after the answer", async () => {
      const { made, runs, answer } = slow();
      const first = made.add("a");
      await turn();
      const later = [made.add("b")];
      await turn();
      later.push(made.add("c"));
      await turn();
      answer();
      expect(await first).toBe("a");
      await turn();
      await turn();
      answer();
      expect(await Promise.all(later)).toEqual(["b", "c"]);
      expect(runs).toEqual([["a"], ["b", "c"]]);
    });

    it("also waits for a command of another batch, and both are sent in one turn", async () => {
      const pace = new Pace();
      const [reads, writes] = [slow(pace), slow(pace)];
      const first = reads.made.add("a");
      await turn();
      const later = [writes.made.add("w")];
      await turn();
      later.push(reads.made.add("b"));
      await turn();
      expect([reads.runs, writes.runs]).toEqual([[["a"]], []]);
      reads.answer();
      await first;
      await turn();
      await turn();
      expect([reads.runs, writes.runs]).toEqual([[["a"], ["b"]], [["w"]]]);
      reads.answer();
      writes.answer();
      expect(await Promise.all(later)).toEqual(["w", "b"]);
    });

    it("does not wait long for a database that hangs", async () => {
      const { made, runs, answer } = slow();
      void made.add("hangs");
      await turn();
      const later = made.add("b");
      while (runs.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      answer();
      answer();
      expect(await later).toBe("b");
    });
  });
});
