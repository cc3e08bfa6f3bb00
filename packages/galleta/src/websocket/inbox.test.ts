import { describe, expect, test } from "vitest";
import { Inbox } from "./inbox.ts";

function read(raw: string): string {
  if (raw === "unreadable") throw new TypeError("unreadable");
  return raw;
}

function inboxOf(limits: { count: number; size: number }) {
  const calls: string[] = [];
  const flow = { pause: () => calls.push("pause"), resume: () => calls.push("resume") };
  const { count: maxQueue, size: maxMessageSize } = limits;
  return { inbox: new Inbox<string>({ maxQueue, maxMessageSize }, { ...flow, read }), calls };
}

const value = (text: string) => ({ value: text, done: false });
const DONE = { value: undefined, done: true };

describe("Inbox", () => {
  test("gives messages in order, whoever comes first", async () => {
    const { inbox, calls } = inboxOf({ count: 2, size: 100 });
    const early = [inbox.take(), inbox.take()];
    inbox.push("a", 1);
    inbox.push("b", 1);
    inbox.push("c", 1);
    expect(await Promise.all(early)).toEqual([value("a"), value("b")]);
    expect(await inbox.take()).toEqual(value("c"));
    expect(calls).toEqual([]);
  });

  test("pauses at the number, and reads on when half is used up", async () => {
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

  test("gives out what waits before the end, and the error after it", async () => {
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

  test("the end reaches those that wait", async () => {
    const quiet = inboxOf({ count: 1, size: 1 }).inbox;
    const waiting = [quiet.take(), quiet.take()];
    quiet.end();
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    const broken = inboxOf({ count: 1, size: 1 }).inbox;
    const next = broken.take();
    broken.end(new Error("gone"));
    await expect(next).rejects.toThrow("gone");
  });

  test("a message that cannot be read is an error for who takes it, and for nobody else", async () => {
    const { inbox } = inboxOf({ count: 10, size: 10 });
    const early = inbox.take();
    for (const message of ["unreadable", "a", "unreadable", "b"]) inbox.push(message, 1);
    await expect(early).rejects.toThrow("unreadable");
    expect(await inbox.take()).toEqual(value("a"));
    await expect(inbox.take()).rejects.toThrow("unreadable");
    expect(await inbox.take()).toEqual(value("b"));
  });

  test("discard drops what waits, and reads on", async () => {
    const { inbox, calls } = inboxOf({ count: 1, size: 10 });
    inbox.push("a", 1);
    inbox.discard();
    expect(calls).toEqual(["pause", "resume"]);
    expect(await inbox.take()).toEqual(DONE);
  });
});
