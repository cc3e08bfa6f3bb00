import { createCrossSiteCheck } from "../../packages/session/src/csrf/check.ts";
import type { CrossSiteOptions } from "../../packages/session/src/csrf/csrf-options.ts";
import type { CrossSiteRule } from "../../packages/session/src/csrf/denial.ts";
import { facts, type RequestWords } from "./facts.ts";

export const PASS = "pass";

/** The result of the check: the rule that denied the request, or that it passes. */
export type Answer = CrossSiteRule | typeof PASS | "needs-token";

/** Checks a POST to https://example.com/, changed by the given words. */
export function ask(words: RequestWords, options?: CrossSiteOptions): Answer {
  const headers = { host: "example.com", ...words.headers };
  const request = facts({ method: "POST", encrypted: true, ...words, headers });
  const outcome = createCrossSiteCheck(options).http(request);
  if (outcome === undefined) return PASS;
  return typeof outcome === "string" ? outcome : outcome.rule;
}
