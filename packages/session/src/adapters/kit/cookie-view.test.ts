import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { start, visit } from "@galleta/test-support/sessions";
import { cookieOf } from "./cookie-view.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00.900Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("a lifetime that was just set reads as it was set, at any part of a second", () => {
  visit(start().sessions, "", (session) => {
    cookieOf(session).maxAge = 3_600_000;
    expect(cookieOf(session).maxAge).toBe(3_600_000);
    cookieOf(session).expires = new Date(Date.now() + 7_200_000);
    expect(cookieOf(session)).toMatchObject({ maxAge: 7_200_000, originalMaxAge: 7_200_000 });
  });
});
