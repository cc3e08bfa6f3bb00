import { nowSeconds } from "./clock.ts";
import { isEmpty } from "./json.ts";
import type { RequestFacts } from "./request.ts";
import type { Shared } from "./shared.ts";
import type { State } from "./state.ts";

/**
 * For this many seconds after a session was renewed or ended, requests that the browser sent before
 * may still arrive.
 */
const LATE_SECONDS = 60;

/**
 * Drops a new session that began only because the request came without the browser's current
 * cookie. The new session's cookie would replace the current one. A session after `renew` is never
 * dropped, because the app asked for a new one. The event `dropped` has one of two reasons:
 *
 * - late: the browser sent the request before another request renewed or ended the session.
 * - held-back: the request came from another site, such as the return from a payment, and because
 *   of `SameSite` the browser sent it without the cookie.
 *
 * @returns true if the session was dropped
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
 * Emits the event `dropped` if the browser will not store the new cookie. The cookie is `Secure`,
 * but the Origin header shows that the page came over http. On localhost, browsers accept such a
 * cookie.
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
  late: "the request's session was renewed or ended a moment ago.",
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
 * True if the request's Origin header names another site. Used only if the request lacks
 * `Sec-Fetch-Site`, as over plain HTTP and from older browsers. Hosts with the same last two labels
 * count as one site.
 */
function isForeign(request: RequestFacts, own: string | undefined): boolean {
  const origin = request.header("origin") ?? "";
  if (own === undefined || !/^https?:/.test(origin) || !URL.canParse(origin)) return false;
  return domainOf(origin) !== domainOf(own);
}

const domainOf = (origin: string) => new URL(origin).hostname.split(".").slice(-2).join(".");
