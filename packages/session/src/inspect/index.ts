export { adviseOn, type Advice, type AdviceLevel } from "./advice.ts";
export { inspectCookies, type InspectOptions } from "./inspect.ts";
export { isLocalRequest } from "./local.ts";
export { REASONS, type Explanation } from "./reasons.ts";
export type { CookieFormat } from "./recognise.ts";
export type { CookieReport, CookieStatus } from "./report.ts";
export { viewToken, type TokenField, type TokenView } from "./token-view.ts";
export { hashSessionId } from "../session/events.ts";
export { durationInWords, plural, printable, timeInWords } from "./words.ts";
