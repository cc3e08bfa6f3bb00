export { adviseOn, type Advice, type AdviceLevel } from "./cookies/advice.ts";
export { inspectCookies, type InspectOptions } from "./cookies/inspect.ts";
export { REASONS, type Explanation } from "./cookies/reasons.ts";
export type { CookieFormat } from "./cookies/recognise.ts";
export type { CookieReport, CookieStatus } from "./cookies/report.ts";
export { viewToken, type TokenField, type TokenView } from "./cookies/token-view.ts";
export { durationInWords, plural, printable, timeInWords } from "./cookies/words.ts";
