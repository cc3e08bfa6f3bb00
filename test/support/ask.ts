import { createCrossSiteCheck } from "../../packages/session/src/csrf/check.ts";
import type { CrossSiteOptions } from "../../packages/session/src/csrf/csrf-options.ts";
import type { CrossSiteRule } from "../../packages/session/src/csrf/denial.ts";
import { facts, type RequestWords } from "./facts.ts";

export const PASS = "pass";

/** The result of the check in one word: the rule that denied, or that the request passes. */
export type Answer = CrossSiteRule | typeof PASS | "needs-token";

/** Asks about a POST to https://example.com/, unless the words say otherwise. */
export function ask(words: RequestWords, options?: CrossSiteOptions): Answer {
  const headers = { host: "example.com", ...words.headers };
  const request = facts({ method: "POST", encrypted: true, ...words, headers });
  const outcome = createCrossSiteCheck(options).http(request);
  if (outcome === undefined) return PASS;
  return typeof outcome === "string" ? outcome : outcome.rule;
}
