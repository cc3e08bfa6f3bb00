import { nowSeconds } from "./clock.ts";
import { isEmpty } from "./json.ts";
import type { RequestFacts } from "./request.ts";
import type { Shared } from "./shared.ts";
import type { State } from "./state.ts";

/** How many seconds after a renewal or end an older request may still arrive. */
const LATE_SECONDS = 60;

/**
 * Drops a new session whose cookie would replace a login whose cookie is not in this request, and
 * emits an event. After `renew` the app wants a new session, so it is never dropped.
 *
 * - late: the request was sent before its session was renewed or ended, and arrived afterwards.
 * - held-back: because of `SameSite`, the browser did not send the cookie with a request from
 *   another site, such as the return from a payment.
 */
export function dropWrite(
  shared: Shared,
  state: State,
  request: RequestFacts | undefined,
): boolean {
  const { loaded, sid, data, meta } = state;
  if (!loaded.isNew || sid !== loaded.sid) return false;
  if (isEmpty(data) && isEmpty(meta)) return false;
  const reason = isLate(loaded.endedAt) ? "late" : heldBack(shared, loaded.cookies, request);
  if (reason === undefined) return false;
  shared.settings.events.emit("dropped", undefined, {
    reason,
    keys: Object.keys(data).slice(0, 3),
    message: `A write to a new session was dropped, because its cookie would replace one that the browser did not send with the request: ${MESSAGES[reason]}`,
  });
  return true;
}

/**
 * Reports a new cookie that the browser drops: it is `Secure`, and the Origin shows that the page came
 * over http. Browsers accept such a cookie on this machine.
 */
export function reportInsecure(
  { settings, isSecure }: Shared,
  { sid, data }: State,
  request: RequestFacts | undefined,
): void {
  if (settings.httpsOnly !== true || request === undefined) return;
  const [, host] = /^http:\/\/(.+)$/.exec(request.header("origin") ?? "") ?? [];
  if (host === undefined || host !== request.header("host") || LOCAL.test(host)) return;
  if (isSecure(request)) return;
  settings.events.emit("dropped", sid, {
    reason: "insecure",
    keys: Object.keys(data).slice(0, 3),
    message:
      'The browser drops the session\'s cookie: it is Secure, and the page came over http. Serve the site over https, or set `httpsOnly: "auto"`.',
  });
}

const LOCAL = /^(?:(?:[^.]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

const MESSAGES = {
  late: "its session was renewed or ended a moment ago.",
  "held-back":
    "because of SameSite, the browser does not send the cookie with a request that another site caused. Answer with a page whose form posts to your own origin, or call renew() to begin a new session.",
};

function isLate(endedAt: number | undefined): boolean {
  return endedAt !== undefined && nowSeconds() - endedAt <= LATE_SECONDS;
}

function heldBack(
  { settings, ownOrigin }: Shared,
  cookies: readonly string[],
  request: RequestFacts | undefined,
): "held-back" | undefined {
  const { sameSite } = settings.current;
  if (request === undefined || cookies.length > 0 || sameSite === "none") return undefined;
  // With Lax, browsers send the cookie when the user follows a link from another site.
  const isSafe = request.method === "GET" || request.method === "HEAD";
  if (sameSite === "lax" && isSafe) return undefined;
  const site = request.header("sec-fetch-site");
  const isCross =
    site === undefined ? isForeign(request, ownOrigin(request)) : site === "cross-site";
  return isCross ? "held-back" : undefined;
}

/**
 * Decides by the Origin alone, for older browsers and plain HTTP. A subdomain of the same domain
 * belongs to the same site.
 */
function isForeign(request: RequestFacts, own: string | undefined): boolean {
  const origin = request.header("origin") ?? "";
  if (own === undefined || !/^https?:/.test(origin) || !URL.canParse(origin)) return false;
  return domainOf(origin) !== domainOf(own);
}

const domainOf = (origin: string) => new URL(origin).hostname.split(".").slice(-2).join(".");
