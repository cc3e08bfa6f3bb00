import { describe, expect, it } from "vitest";
import { RecentChanges } from "./recent.ts";

describe("recent changes", () => {
  it("know the newest revision of a session, and its end for good", () => {
    const recent = new RecentChanges();
    expect(recent.peek("s")).toBeUndefined();
    recent.record("s", 1, "{}", 0);
    recent.record("s", 2, '{"a":1}', 1);
    expect(recent.peek("s")).toMatchObject({ ended: false, rev: 2, json: '{"a":1}' });
    recent.end("s", 2);
    expect(recent.peek("s")).toMatchObject({ ended: true, json: "" });
    recent.record("s", 3, '{"a":2}', 3);
    expect(recent.peek("s")).toMatchObject({ ended: true, json: "" });
    expect(recent.peek("t")).toBeUndefined();
  });

  it("are forgotten after five minutes, the last used last", () => {
    const recent = new RecentChanges();
    recent.record("old", 1, "{}", 0);
    recent.record("used", 1, "{}", 0);
    recent.record("used", 2, "{}", 200);
    recent.record("other", 1, "{}", 299);
    expect(recent.peek("old")).toBeDefined();
    recent.record("other", 2, "{}", 300);
    expect(recent.peek("old")).toBeUndefined();
    expect(recent.peek("used")).toBeDefined();
    recent.record("other", 3, "{}", 501);
    expect(recent.peek("used")).toBeUndefined();
  });

  it("hold ten thousand sessions, and a thousand more before the oldest are dropped", () => {
    const recent = new RecentChanges();
    for (let i = 0; i < 11_000; i += 1) recent.record(`s${i}`, 1, "{}", 0);
    expect(recent.peek("s1")).toBeDefined();
    recent.record("s11000", 1, "{}", 0);
    expect(recent.peek("s1000")).toBeUndefined();
    expect(recent.peek("s1001")).toBeDefined();
    expect(recent.peek("s11000")).toBeDefined();
  });

  it("do not bring an ended session back in a flood of new ones", () => {
    const recent = new RecentChanges();
    recent.record("s", 1, "{}", 0);
    recent.end("s", 0);
    for (let i = 0; i < 30_000; i += 1) recent.record(`s${i}`, 1, "{}", i % 3);
    expect(recent.peek("s")).toMatchObject({ ended: true });
  });

  it("know nothing of a session whose end was forgotten, not even changes after the end", () => {
    const recent = new RecentChanges();
    recent.record("before", 1, "{}", 0);
    recent.end("before", 0);
    recent.end("after", 0);
    recent.record("after", 2, "{}", 299);
    recent.end("other", 300);
    expect([recent.peek("before"), recent.peek("after")]).toEqual([undefined, undefined]);
  });

  it("survive a clock that goes back", () => {
    const recent = new RecentChanges();
    recent.end("s", 1_000_000);
    recent.record("t", 1, "{}", 0);
    expect(recent.peek("s")).toMatchObject({ ended: true });
    expect(recent.peek("t")).toBeDefined();
  });
});
