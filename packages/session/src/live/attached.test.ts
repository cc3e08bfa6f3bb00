import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { join, leave, socketsOf, type Attached, type LiveSession } from "./attached.ts";

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.500Z") }));
afterEach(() => void vi.useRealTimers());

async function page(options: Parameters<typeof start>[0] = {}) {
  const { sessions } = start({ maxAge: 100, ...options });
  const jar = new Jar();
  await jar.request(sessions, (session) => (session["n"] = 1));
  const frames: string[] = [];
  const socket = await jar.socket(sessions, { control: (frame) => void frames.push(frame) });
  return { handle: socket.handle as Attached, frames };
}

it("a listener that was removed is not called when the socket ends", async () => {
  const { handle } = await page();
  const [kept, removed] = [vi.fn(), vi.fn()];
  handle.onEnd(kept);
  const remove = handle.onEnd(removed);
  remove();
  handle.detach();
  expect([kept, removed].map((each) => each.mock.calls.length)).toEqual([1, 0]);
});

it.each([
  ["prolongs the session with socketActivity", true, 1],
  ["changes nothing without socketActivity", false, 0],
])("a message of the client %s", async (_what, socketActivity, sent) => {
  const { handle, frames } = await page({ socketActivity });
  vi.advanceTimersByTime(20_000);
  handle.active();
  await vi.advanceTimersByTimeAsync(0);
  expect(frames).toHaveLength(sent);
});

it("a session has the sockets that joined and did not leave", () => {
  const live: Pick<LiveSession, "sockets"> = { sockets: undefined };
  const has = (...expected: string[]) => expect(socketsOf(live as LiveSession)).toEqual(expected);
  const joins = (name: string) => join(live as LiveSession, name as unknown as Attached);
  const leaves = (name: string) => leave(live as LiveSession, name as unknown as Attached);
  has();
  expect(leaves("a")).toBe(false);
  joins("a");
  has("a");
  expect(leaves("b")).toBe(false);
  has("a");
  joins("b");
  joins("c");
  expect(leaves("d")).toBe(false);
  expect(leaves("a")).toBe(true);
  has("b", "c");
  expect([leaves("b"), leaves("c")]).toEqual([true, true]);
  has();
  expect(live.sockets).toBeUndefined();
  joins("a");
  expect(leaves("a")).toBe(true);
  expect(live.sockets).toBeUndefined();
  expect(socketsOf(undefined)).toEqual([]);
});
