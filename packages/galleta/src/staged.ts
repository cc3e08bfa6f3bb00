import { privateNoStore, varyOnCookie, type Commit } from "@galleta/session/adapter";
import type { H3Event } from "h3";
import { hasStaged } from "./seams.ts";

/**
 * Keeps h3 from replacing the session's headers. Functions of h3 put headers into `event.res`, and
 * these overwrite headers of the response. For example, CORS sets `Vary: Origin`, which would
 * replace the session's `Vary: Cookie`, and a cache could send one visitor's page to another.
 */
export function protectStaged(event: H3Event, commit: Commit): void {
  if (!hasStaged(event)) return;
  for (const headers of [event.res.headers, event.res.errHeaders]) {
    if (commit.accessed && headers.has("vary")) {
      headers.set("vary", varyOnCookie(headers.get("vary")));
    }
    if (commit.setCookie.length > 0 && headers.has("cache-control")) {
      headers.set("cache-control", privateNoStore(headers.get("cache-control")));
    }
  }
}
