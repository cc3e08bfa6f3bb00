import { describe, expect, test } from "vitest";
import { Backlog } from "./backlog.ts";
import { Inbox } from "./inbox.ts";

function read(raw: string): string {
  if (raw === "unreadable") throw new TypeError("unreadable");
  return raw;
}

function inboxOf(limits: { count: number; size: number }, backlog?: Backlog) {
  const calls: string[] = [];
  const flow = { pause: () => calls.push("pause"), resume: () => calls.push("resume") };
  const overrun = () => {
    calls.push("overrun");
    inbox.discard();
  };
  const { count: maxQueue, size: maxMessageSize } = limits;
  const source = { ...flow, read, overrun };
  const inbox = new Inbox<string>({ maxQueue, maxMessageSize }, source, backlog);
  return { inbox, calls };
}

const value = (text: string) => ({ value: text, done: false });
const DONE = { value: undefined, done: true };

describe("Inbox", () => {
  test("gives messages in order, to waiting and later readers", async () => {
    const { inbox, calls } = inboxOf({ count: 2, size: 100 });
    const early = [inbox.take(), inbox.take()];
    inbox.push("a", 1);
    inbox.push("b", 1);
    inbox.push("c", 1);
    expect(await Promise.all(early)).toEqual([value("a"), value("b")]);
    expect(await inbox.take()).toEqual(value("c"));
    expect(calls).toEqual([]);
  });

  test("pauses at the number of messages, and reads on when half is used up", async () => {
    const { inbox, calls } = inboxOf({ count: 4, size: 1000 });
    for (const message of ["a", "b", "c", "d", "e"]) inbox.push(message, 1);
    expect(calls).toEqual(["pause"]);
    expect(inbox.isPaused).toBe(true);
    await inbox.take();
    await inbox.take();
    expect(calls).toEqual(["pause"]);
    await inbox.take();
    expect(calls).toEqual(["pause", "resume"]);
    expect(inbox.isPaused).toBe(false);
  });

  test("pauses at the size as well", async () => {
    const { inbox, calls } = inboxOf({ count: 100, size: 10 });
    inbox.push("a", 9);
    expect(calls).toEqual([]);
    inbox.push("b", 9);
    expect(calls).toEqual(["pause"]);
    await inbox.take();
    expect(calls).toEqual(["pause"]);
    await inbox.take();
    expect(calls).toEqual(["pause", "resume"]);
  });

  test("returns waiting messages first, and then the error", async () => {
    const { inbox } = inboxOf({ count: 10, size: 10 });
    const error = new Error("gone");
    inbox.push("a", 1);
    inbox.end(error);
    inbox.end();
    inbox.push("late", 1);
    expect(await inbox.take()).toEqual(value("a"));
    await expect(inbox.take()).rejects.toBe(error);
    await expect(inbox.take()).rejects.toBe(error);
  });

  test("ends waiting readers", async () => {
    const quiet = inboxOf({ count: 1, size: 1 }).inbox;
    const waiting = [quiet.take(), quiet.take()];
    quiet.end();
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    const broken = inboxOf({ count: 1, size: 1 }).inbox;
    const next = broken.take();
    broken.end(new Error("gone"));
    await expect(next).rejects.toThrow("gone");
  });

  test("gives an unreadable message as an error to its reader, and to no other", async () => {
    const { inbox } = inboxOf({ count: 10, size: 10 });
    const early = inbox.take();
    for (const message of ["unreadable", "a", "unreadable", "b"]) inbox.push(message, 1);
    await expect(early).rejects.toThrow("unreadable");
    expect(await inbox.take()).toEqual(value("a"));
    await expect(inbox.take()).rejects.toThrow("unreadable");
    expect(await inbox.take()).toEqual(value("b"));
  });

  test("discard drops waiting messages, and continues to read", async () => {
    const { inbox, calls } = inboxOf({ count: 1, size: 10 });
    inbox.push("a", 1);
    inbox.discard();
    expect(calls).toEqual(["pause", "resume"]);
    expect(await inbox.take()).toEqual(DONE);
  });

  test("holds at most 64 KiB for a view that has not asked for any", () => {
    const { inbox, calls } = inboxOf({ count: 100, size: 1024 * 1024 });
    inbox.push("a", 60_000);
    expect(calls).toEqual([]);
    inbox.push("b", 60_000);
    expect(calls).toEqual(["pause"]);
  });

  test("drops waiting messages at the second heartbeat if the view only sends, and continues to read", async () => {
    const { inbox, calls } = inboxOf({ count: 2, size: 100 });
    inbox.push("a", 1);
    inbox.beat();
    inbox.push("b", 1);
    inbox.beat();
    expect(calls).toEqual(["pause"]);
    inbox.beat();
    expect(calls).toEqual(["pause", "resume"]);
    for (let index = 0; index < 10; index += 1) inbox.push("c", 1);
    expect(calls).toEqual(["pause", "resume"]);
    // A view that asks later must learn that it missed some.
    void inbox.take();
    expect(calls).toEqual(["pause", "resume", "overrun"]);
  });

  test("gives a view five minutes to read one message", async () => {
    const { inbox, calls } = inboxOf({ count: 2, size: 100 });
    for (const message of ["a", "b", "c", "d"]) inbox.push(message, 1);
    await inbox.take();
    for (let beat = 0; beat < 9; beat += 1) inbox.beat();
    await inbox.take();
    inbox.push("e", 1);
    for (let beat = 0; beat < 9; beat += 1) inbox.beat();
    expect(calls).not.toContain("overrun");
    inbox.beat();
    expect(calls).toContain("overrun");
  });

  test("drops the inbox that was read longest ago first", async () => {
    const backlog = new Backlog(100);
    const limits = { count: 100, size: 1000 };
    const [one, two, three] = [0, 1, 2].map(() => inboxOf(limits, backlog)) as [Made, Made, Made];
    for (const { inbox } of [one, two, three]) {
      inbox.push("a", 10);
      inbox.push("b", 10);
      await inbox.take();
    }
    one.inbox.push("c", 30);
    await one.inbox.take();
    three.inbox.push("d", 60);
    expect(two.calls).toEqual(["overrun"]);
    expect([one.calls, three.calls]).toEqual([[], []]);
  });
});

type Made = ReturnType<typeof inboxOf>;
