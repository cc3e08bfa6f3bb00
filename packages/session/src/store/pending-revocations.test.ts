import { describe, expect, it } from "vitest";
import { PendingRevocations } from "./pending-revocations.ts";
import { memoryStore } from "./memory.ts";
import type { SessionStore } from "./store.ts";

const later = () => new Promise((resolve) => setImmediate(resolve));

describe("revocations that the store still lacks", () => {
  it("keep the one that failed while an earlier one of the same user was written", async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    const inner = memoryStore();
    const counts: number[] = [];
    const store: SessionStore = {
      isLocal: false,
      get: (keys) => inner.get(keys),
      async replace(write) {
        await opened;
        counts.push(write.rev);
        return inner.replace(write);
      },
    };
    const pending = new PendingRevocations();
    const until = Date.now() / 1000 + 60;
    pending.addUser("u:ada", "", until, later);
    const flushing = pending.flush(store);
    await later();
    pending.addUser("u:ada", "", until, later);
    open();
    await flushing;
    expect(pending.isUserEnded("u:ada", "a session")).toBe(true);
    await pending.flush(store);
    pending.stop();
    expect(pending.isEmpty).toBe(true);
    expect(counts).toHaveLength(2);
    expect(counts[1]).toBeGreaterThan(counts[0]!);
  });
});
