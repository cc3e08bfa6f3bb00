import type { NextRequest } from "next/server";
import { prefsProxy } from "@/lib/prefs";
import { proxy as sessionProxy } from "@/lib/session";

/** One proxy calls the other. The page of the same request sees what both changed. */
export const proxy = sessionProxy((request: NextRequest, session) => {
  const isSeen = request.nextUrl.pathname === "/both/seen";
  if (isSeen) session.user = "proxy";
  return prefsProxy((_request: NextRequest, prefs) => {
    if (isSeen) prefs.theme = "proxy";
  })(request);
});

export const config = { matcher: ["/both/:path*", "/api/:path*"] };
