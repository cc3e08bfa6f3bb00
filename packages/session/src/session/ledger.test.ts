import { describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

describe("a ledger", () => {
  it("knows the newest of a session, and its end for good", () => {
    const ledger = new Ledger();
    expect(ledger.peek("s")).toBeUndefined();
    ledger.record("s", 1, "{}", 0);
    ledger.record("s", 2, '{"a":1}', 1);
    expect(ledger.peek("s")).toMatchObject({ ended: false, rev: 2, json: '{"a":1}' });
    ledger.end("s", 2);
    expect(ledger.peek("s")).toMatchObject({ ended: true, json: "" });
    ledger.record("s", 3, '{"a":2}', 3);
    expect(ledger.peek("s")).toMatchObject({ ended: true, json: "" });
    expect(ledger.peek("t")).toBeUndefined();
  });

  it("forgets after five minutes, what was used last at last", () => {
    const ledger = new Ledger();
    ledger.record("old", 1, "{}", 0);
    ledger.record("used", 1, "{}", 0);
    ledger.record("used", 2, "{}", 200);
    ledger.record("other", 1, "{}", 299);
    expect(ledger.peek("old")).toBeDefined();
    ledger.record("other", 2, "{}", 300);
    expect(ledger.peek("old")).toBeUndefined();
    expect(ledger.peek("used")).toBeDefined();
    ledger.record("other", 3, "{}", 501);
    expect(ledger.peek("used")).toBeUndefined();
  });

  it("holds ten thousand sessions, and a thousand more before it forgets the oldest", () => {
    const ledger = new Ledger();
    for (let i = 0; i < 11_000; i += 1) ledger.record(`s${i}`, 1, "{}", 0);
    expect(ledger.peek("s1")).toBeDefined();
    ledger.record("s11000", 1, "{}", 0);
    expect(ledger.peek("s1000")).toBeUndefined();
    expect(ledger.peek("s1001")).toBeDefined();
    expect(ledger.peek("s11000")).toBeDefined();
  });

  it("survives a clock that goes back", () => {
    const ledger = new Ledger();
    ledger.end("s", 1_000_000);
    ledger.record("t", 1, "{}", 0);
    expect(ledger.peek("s")).toMatchObject({ ended: true });
    expect(ledger.peek("t")).toBeDefined();
  });
});
