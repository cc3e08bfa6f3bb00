import { expect, it, vi } from "vitest";
import { sessionBackplane } from "./session-backplane.ts";

const whole = () => ({ publish: vi.fn(), subscribe: vi.fn(), close: vi.fn() });

it.each(["publish", "subscribe", "close"])("throws for a backplane without %s", (name) => {
  expect(() => sessionBackplane({ ...whole(), [name]: undefined })).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
  );
});

it.each([undefined, null, {}, "backplane"])("throws for %j", (backplane) => {
  expect(() => sessionBackplane(backplane as never)).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
  );
});

it("follows buckets only if the given backplane does", () => {
  const given = whole();
  expect(sessionBackplane(given)).not.toHaveProperty("follow");
  expect(sessionBackplane(given)).not.toHaveProperty("unfollow");
  const [follow, unfollow] = [vi.fn(), vi.fn()];
  const made = sessionBackplane({ ...given, follow, unfollow });
  void made.follow?.(7);
  void made.unfollow?.(8);
  expect([follow.mock.calls, unfollow.mock.calls]).toEqual([[[7]], [[8]]]);
});
