import { expect, it } from "vitest";
import type { LiveSession } from "./attached.ts";
import { LiveUsers } from "./users.ts";

it("a user's first and last session are reported, and every session is found between them", () => {
  const users = new LiveUsers();
  const [one, two, three] = [1, 2, 3].map((sid) => ({ sid }) as unknown as LiveSession);
  expect(users.get("ana")).toEqual([]);
  expect(users.add("ana", one!)).toBe(true);
  expect(users.get("ana")).toEqual([one]);
  expect([users.add("ana", two!), users.add("ana", three!)]).toEqual([false, false]);
  expect(users.add("eva", one!)).toBe(true);
  expect(users.get("ana")).toEqual([one, two, three]);
  expect([users.delete("ana", one!), users.delete("ana", three!)]).toEqual([false, false]);
  expect(users.get("ana")).toEqual([two]);
  expect(users.delete("ana", two!)).toBe(true);
  expect(users.get("ana")).toEqual([]);
  expect([users.delete("eva", two!), users.get("eva")]).toEqual([false, [one]]);
  expect([users.delete("eva", one!), users.get("eva")]).toEqual([true, []]);
  expect(users.delete("eva", one!)).toBe(false);
});
