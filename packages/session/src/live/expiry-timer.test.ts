import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ExpiryTimer, type Ending } from "./expiry-timer.ts";

const NOW = 1_800_000_000;
let ended: Ending[];
let timer: ExpiryTimer<Ending>;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000 + 300 });
  ended = [];
  timer = new ExpiryTimer((item) => ended.push(item));
});
afterEach(() => {
  vi.useRealTimers();
});

const item = (endsAt: number): Ending => ({ endsAt, turnsAt: 0 });

it("ends each item in its second", () => {
  const items = [3, 1, 2, 2].map((seconds) => item(NOW + seconds));
  for (const each of items) timer.add(each);
  vi.advanceTimersByTime(690);
  expect(ended).toHaveLength(0);
  vi.advanceTimersByTime(20);
  expect(ended).toEqual([items[1]]);
  vi.advanceTimersByTime(1000);
  expect(ended).toHaveLength(3);
  vi.advanceTimersByTime(1000);
  expect(ended).toHaveLength(4);
});

it("has one timer, and none without items", () => {
  const items = Array.from({ length: 1000 }, (_, i) => item(NOW + 1 + (i % 5)));
  for (const each of items) timer.add(each);
  expect(vi.getTimerCount()).toBe(1);
  for (const each of items.slice(0, 999)) timer.delete(each);
  vi.advanceTimersByTime(6000);
  expect(ended).toEqual([items[999]]);
  expect(vi.getTimerCount()).toBe(0);
});

it("ends a prolonged item later and a shortened one sooner", () => {
  const [longer, shorter] = [item(NOW + 1), item(NOW + 9)];
  timer.add(longer);
  timer.add(shorter);
  longer.endsAt = NOW + 4;
  timer.add(longer);
  shorter.endsAt = NOW + 2;
  timer.add(shorter);
  vi.advanceTimersByTime(2000);
  expect(ended).toEqual([shorter]);
  vi.advanceTimersByTime(2000);
  expect(ended).toEqual([shorter, longer]);
});

it("ends overdue items at the next tick, also after the timer stood still", () => {
  timer.add(item(NOW - 100));
  vi.advanceTimersByTime(1000);
  expect(ended).toHaveLength(1);
  vi.setSystemTime((NOW + 500) * 1000);
  timer.add(item(NOW + 400));
  vi.advanceTimersByTime(1002);
  expect(ended).toHaveLength(2);
});

it("loses nothing when a machine slept or its clock was set back", () => {
  for (let seconds = 1; seconds <= 20; seconds += 1) timer.add(item(NOW + seconds));
  vi.setSystemTime((NOW + 1_000_000) * 1000);
  vi.advanceTimersByTime(1002);
  expect(ended).toHaveLength(20);
  const next = item(NOW + 1_000_010);
  timer.add(next);
  vi.setSystemTime(NOW * 1000);
  vi.advanceTimersByTime(1002);
  expect(ended).toHaveLength(20);
  vi.setSystemTime((NOW + 1_000_010) * 1000);
  vi.advanceTimersByTime(1002);
  expect(ended).toHaveLength(21);
});

it("ends the item of the very second in which a machine wakes up, and none of later ones", () => {
  const [due, next] = [item(NOW + 100), item(NOW + 101)];
  timer.add(due);
  timer.add(next);
  vi.setSystemTime((NOW + 100) * 1000);
  vi.advanceTimersByTime(750);
  expect(ended).toEqual([due]);
  vi.advanceTimersByTime(1002);
  expect(ended).toEqual([due, next]);
});

it("keeps no item without an end", () => {
  timer.add(item(Number.POSITIVE_INFINITY));
  expect(vi.getTimerCount()).toBe(0);
});
