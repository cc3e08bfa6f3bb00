import type { SessionOptions, Sessions } from "@galleta/session";
import type { RequestFacts } from "@galleta/session/adapter";
import { isLocalRequest } from "./cookies/local.ts";
import { renderPage, STYLE_HASH } from "./page/page.ts";
import type { Recorder } from "./recorder.ts";
import { look } from "./page/look.ts";

/** The sessions of an app, with the options that created them. */
export interface Configured {
  readonly sessions: Sessions<never>;
  readonly options: SessionOptions;
}

/** The request and the app that the inspector's page shows. */
export interface Inspected {
  /** All sessions of the app. There are several if the app uses more than one `property`. */
  readonly all: readonly Configured[];
  readonly recorder: Recorder;
  readonly facts: RequestFacts;
}

/**
 * True if a request may see the inspector's page. It must come from this machine, from a browser
 * window that opened the page directly.
 *
 * - A proxy on this machine makes every request look local. The check recognizes a proxy by its
 *   headers, by `trustProxy`, or by HTTP/1.0, which nginx uses by default.
 * - The page shows an HttpOnly cookie, which a script of the app must not fetch. So the browser
 *   must say that it opens a document (Fetch Metadata).
 */
export function mayInspect(
  facts: RequestFacts,
  all: readonly Configured[],
  httpVersion: string | undefined,
): boolean {
  const trustsProxy = all.some(({ options }) => (options.trustProxy ?? false) !== false);
  if (!isLocalRequest(facts) || trustsProxy || httpVersion === "1.0") return false;
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
  // Without this header, a page of the app could open this page in a window and read it.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Renders the inspector's page. Call it only for a request that {@link mayInspect} accepted. */
export async function respond(inspected: Inspected): Promise<Response> {
  const page = renderPage(await look(inspected, new Date()));
  return new Response(page.text, { headers: HEADERS });
}
