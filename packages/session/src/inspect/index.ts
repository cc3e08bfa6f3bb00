export { inspectCookies, type InspectOptions } from "./inspect.ts";
export { REASONS, type Explanation } from "./reasons.ts";
export type { CookieFormat } from "./recognise.ts";
export type { CookieReport, CookieStatus } from "./report.ts";
export { viewToken, type TokenField, type TokenView } from "./token-view.ts";
export { durationInWords, plural, printable, timeInWords } from "./words.ts";
