import { expect, it } from "vitest";
import { REFUSALS, refusalBody } from "./refusal.ts";

it.each(Object.entries(REFUSALS))("%s is told with its rule, status and code", (rule, refusal) => {
  expect(refusal.rule).toBe(rule);
  expect(refusal.status).toBe(refusal.code === "ERR_SESSION_HOST" ? 400 : 403);
  expect(Object.isFrozen(refusal)).toBe(true);
  expect(JSON.parse(refusalBody(refusal))).toEqual({
    error: refusal.message,
    code: refusal.code,
    rule,
  });
});
