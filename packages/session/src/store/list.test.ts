import { afterEach, expect, it, vi } from "vitest";
import { start } from "@galleta/test-support/sessions";
import { memoryStore } from "./memory.ts";

afterEach(() => {
  vi.useRealTimers();
});

const options = { subject: "userId" } as const;

/** Logs a user in, and returns the committed session. */
async function login(sessions: ReturnType<typeof start>["sessions"], device = false) {
  const context = sessions.open("");
  context.session["userId"] = "ada";
  if (device) {
    context.changeMeta((meta) => {
      meta.device = { key: "a", id: "b", until: 4_000_000_000 } as never;
    });
  }
  await context.commit();
  return context.session;
}

it("lists the newest session first", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  const { sessions } = start({ ...options, store: memoryStore() });
  for (let i = 0; i < 3; i += 1) {
    await login(sessions);
    vi.setSystemTime(Date.now() + 10_000);
  }
  const times = (await sessions.list("ada")).map(({ createdAt }) => createdAt.getTime());
  expect(times).toEqual([1_800_000_020_000, 1_800_000_010_000, 1_800_000_000_000]);
});

it("a session that lasts until the browser closes has no end", async () => {
  const { sessions } = start({ ...options, store: memoryStore(), maxAge: null });
  await login(sessions);
  expect(await sessions.list("ada")).toMatchObject([{ endsAt: null }]);
  const { sessions: other } = start({ ...options, store: memoryStore() });
  await login(other);
  expect(await other.list("ada")).toMatchObject([{ endsAt: expect.any(Date) }]);
});

it("says which sessions are bound to a device", async () => {
  const { sessions } = start({ ...options, store: memoryStore() });
  await login(sessions, true);
  expect(await sessions.list("ada")).toMatchObject([{ deviceBound: true }]);
});

it("a session that has ended cannot end another one", async () => {
  const { sessions } = start({ ...options, store: memoryStore() });
  const one = await login(sessions);
  await login(sessions);
  const handles = (await sessions.list(one)).filter(({ current }) => !current);
  await sessions.revokeAll("ada");
  await expect(sessions.end(handles[0]?.handle ?? "", { by: one })).rejects.toMatchObject({
    code: "ERR_SESSION_ENDED",
  });
});
