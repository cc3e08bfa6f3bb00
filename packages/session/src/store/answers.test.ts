import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Answers } from "./answers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("an answer may be used for one second after its question was sent", () => {
  const answers = new Answers<string>();
  const answer = { at: performance.now(), value: "a" };
  vi.advanceTimersByTime(400);
  answers.set("key", answer);
  vi.advanceTimersByTime(599);
  expect(answers.get("key")).toBe(answer);
  vi.advanceTimersByTime(1);
  expect(answers.get("key")).toBeUndefined();
});

it("the answer to an earlier question does not replace that to a later one", () => {
  const answers = new Answers<string>();
  const at = performance.now();
  answers.set("key", { at, value: "first" });
  answers.set("key", { at, value: "of the same moment" });
  answers.set("key", { at: at - 1, value: "late" });
  expect(answers.get("key")?.value).toBe("of the same moment");
  answers.set("key", { at: at + 1, value: "later" });
  expect(answers.get("key")?.value).toBe("later");
});

it("at most the latest 10,000 answers are kept, and at least the latest 5,000", () => {
  const answers = new Answers<number>();
  const at = performance.now();
  const set = (from: number, to: number) => {
    for (let i = from; i < to; i += 1) answers.set(`${i}`, { at, value: i });
  };
  set(0, 10_000);
  expect(answers.get("0")?.value).toBe(0);
  set(10_000, 10_001);
  expect([answers.get("4999"), answers.get("5000")?.value]).toEqual([undefined, 5000]);
});

it("a later answer also counts if the earlier one is of the generation before", () => {
  const answers = new Answers<string>();
  const at = performance.now();
  answers.set("key", { at, value: "first" });
  vi.advanceTimersByTime(900);
  answers.set("other", { at: at + 900, value: "" });
  vi.advanceTimersByTime(200);
  answers.set("another", { at: at + 1100, value: "" });
  expect(answers.get("other")?.value).toBe("");
  answers.set("other", { at: at + 800, value: "late" });
  expect(answers.get("other")?.value).toBe("");
});

it("a deleted answer is gone, also if it is of the generation before", () => {
  const answers = new Answers<string>();
  const at = performance.now();
  answers.set("young", { at, value: "" });
  answers.delete("young");
  answers.set("old", { at, value: "" });
  vi.advanceTimersByTime(900);
  answers.set("old", { at: at + 900, value: "" });
  vi.advanceTimersByTime(200);
  answers.set("another", { at: at + 1100, value: "" });
  answers.delete("old");
  expect([answers.get("young"), answers.get("old")]).toEqual([undefined, undefined]);
});
