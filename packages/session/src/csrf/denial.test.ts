import { expect, it } from "vitest";
import { DENIALS, denialBody } from "./denial.ts";

it.each(Object.entries(DENIALS))("%s has its rule, status and code", (rule, denial) => {
  expect(denial.rule).toBe(rule);
  expect(denial.status).toBe(denial.code === "ERR_SESSION_HOST" ? 400 : 403);
  expect(Object.isFrozen(denial)).toBe(true);
  expect(JSON.parse(denialBody(denial))).toEqual({
    error: denial.message,
    code: denial.code,
    rule,
  });
});
