import type { SessionOptions, Sessions } from "@galleta/session";
import type { RequestFacts } from "@galleta/session/adapter";
import { isLocalRequest } from "./cookies/local.ts";
import { renderPage, STYLE_HASH } from "./page/page.ts";
import type { Recorder } from "./recorder.ts";
import { look } from "./page/look.ts";

/** What the inspector looks at. */
export interface Inspected {
  readonly sessions: Sessions<never>;
  readonly options: SessionOptions;
  readonly recorder: Recorder;
  readonly facts: RequestFacts;
}

/**
 * Whether a request may see the inspector: only a person at this machine, looking at it in a
 * browser's window of its own.
 *
 * - Behind a proxy every request is local. One that says so is noticed by its headers, or by
 *   `trustProxy`; one that does not may still speak HTTP/1.0, as nginx does by default.
 * - The page shows a cookie that is HttpOnly. So that no script of the app's own pages can fetch
 *   it there, a browser must say that it opens a document (Fetch Metadata).
 */
export function mayInspect(
  facts: RequestFacts,
  { trustProxy = false }: SessionOptions,
  httpVersion: string | undefined,
): boolean {
  if (!isLocalRequest(facts) || trustProxy !== false || httpVersion === "1.0") return false;
  return (facts.header("sec-fetch-dest") ?? "document") === "document";
}

const HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    `style-src '${STYLE_HASH}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // A page of the app that opens this one in a window shall not reach into it.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** The page, for a request that {@link mayInspect}. */
export async function respond(inspected: Inspected): Promise<Response> {
  const page = renderPage(await look(inspected, new Date()));
  return new Response(page.text, { headers: HEADERS });
}
