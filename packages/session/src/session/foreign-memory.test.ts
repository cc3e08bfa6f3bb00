import { expect, it } from "vitest";
import { foreignId, ForeignMemory } from "./foreign-memory.ts";

it("remembers when a cookie first came, by the earliest clock, and that its session ended", () => {
  const memory = new ForeignMemory();
  expect(memory.peek("a")).toBeUndefined();
  expect([memory.note("a", 10), memory.note("a", 20), memory.note("a", 10)]).toEqual([10, 10, 10]);
  expect(memory.note("a", 5)).toBe(5);
  expect(memory.peek("a")).toEqual({ born: 5, ended: false });
  memory.end("a", 7);
  expect([memory.note("a", 9), memory.note("a", 3)]).toEqual([7, 3]);
  expect(memory.peek("a")).toEqual({ born: 3, ended: true });
});

it("forgets the oldest after 20,000 cookies", () => {
  const memory = new ForeignMemory();
  for (let i = 0; i < 20_000; i += 1) memory.note(`${i}`, 1);
  expect(memory.peek("0")).toBeDefined();
  memory.end("0", 1);
  memory.note("one more", 1);
  expect(["0", "1", "2", "one more"].map((id) => memory.peek(id) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

it("tells cookies apart by format, value and place, and shows no value", () => {
  const ids = [
    foreignId("a", ["b"]),
    foreignId("b", ["a"]),
    foreignId("a", ["b", undefined]),
    foreignId("a", [undefined, "b"]),
    foreignId("ab", []),
    foreignId("a", ["b", "c"]),
    foreignId("a", ["bc"]),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  expect(foreignId("a", ["b"])).toBe(ids[0]);
});
