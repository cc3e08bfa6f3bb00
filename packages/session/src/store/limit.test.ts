import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";

import { askStore } from "./limit.ts";

afterEach(() => vi.restoreAllMocks());

it("gives up on a store that does not answer", async () => {
  const asked = askStore(() => new Promise(() => undefined), 20);
  await expect(asked).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
});

it("waits for the answer to a question that a busy process could send only after the limit", async () => {
  const ask = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await sleep(5);
    return "answer";
  };
  const asked = askStore(ask, 100);
  const busy = performance.now() + 200;
  while (performance.now() < busy);
  expect(await asked).toBe("answer");
});

it("does not wait for a store that answers without a promise", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  expect(await askStore(() => "answer", 100)).toBe("answer");
  expect(timers).not.toHaveBeenCalled();
  const failed = askStore(() => {
    throw new Error("It is closed.");
  }, 100);
  await expect(failed).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
});

it("limits the time of promises of any kind", async () => {
  // oxlint-disable-next-line unicorn/no-thenable -- the promise of a client, not of JavaScript
  const never = { then: () => undefined };
  const asked = askStore(() => never as unknown as Promise<string>, 20);
  await expect(asked).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
});

it("gives an idle process no second limit", async () => {
  vi.useFakeTimers();
  try {
    const asked = askStore(() => new Promise(() => undefined), 100);
    let isOver = false;
    asked.catch(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(99);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    expect(isOver).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
