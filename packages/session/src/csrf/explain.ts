import type { RequestFacts } from "../session/request.ts";
import type { Denial } from "./denial.ts";

/**
 * The details of a denied request, for the event that reports the denial. They contain no secrets.
 */
export interface Explained {
  readonly method: string;
  /** The path of the request, without the query, which may hold secrets. */
  readonly path: string;
  /** The request's Origin. */
  readonly origin?: string | undefined;
  /** The origin of this site, if it is known. */
  readonly own?: string | undefined;
  /** A message for a log: what happened and what to do. */
  readonly message: string;
}

/**
 * Describes a denied request for a log. Browsers do not show the body of a denied handshake, so the
 * log is the only place to see the reason.
 *
 * @param own the origin that the request was sent to
 */
export function explainDenial(
  denial: Denial,
  request: RequestFacts,
  own: string | undefined,
  isHandshake: boolean,
): Explained {
  const method = clean(request.method);
  const path = clean(request.target.replace(/[?#].*/s, ""));
  const sent = request.header("origin");
  const origin = sent === undefined ? undefined : clean(sent);
  const what = isHandshake ? `WebSocket handshake ${path}` : `${method} ${path}`;
  const about =
    denial.code === "ERR_SESSION_HOST" ? hostOf(request) : originOf(request, origin, own);
  const message = `${what} denied: ${about}${denial.message}`;
  return { method, path, origin, own, message, ...(isHandshake && { handshake: true }) };
}

function hostOf(request: RequestFacts): string {
  const host = request.header("host");
  const forwarded = request.header("x-forwarded-host");
  const via = forwarded === undefined ? "" : `, X-Forwarded-Host ${clean(forwarded)}`;
  return host === undefined ? "" : `Host ${clean(host)}${via}. `;
}

function originOf(request: RequestFacts, origin: string | undefined, own: string | undefined) {
  const site = request.header("sec-fetch-site");
  const details = [
    origin === undefined ? undefined : `Origin ${origin}`,
    site === undefined ? undefined : `Sec-Fetch-Site ${clean(site)}`,
  ].filter((each) => each !== undefined);
  const here = own === undefined ? "" : `this site is ${own}${differenceOf(origin, own)}`;
  const all = [details.join(", "), here].filter((each) => each !== "");
  return all.length === 0 ? "" : `${all.join("; ")}. `;
}

/**
 * Says in which parts two origins differ: scheme, host or port. If only the scheme differs, a proxy
 * in front of this server probably ends TLS, and `trustProxy` is not set.
 */
function differenceOf(origin = "", own: string): string {
  if (!URL.canParse(origin)) return "";
  const [theirs, ours] = [new URL(origin), new URL(own)];
  const parts = (["protocol", "hostname", "port"] as const).filter(
    (part) => theirs[part] !== ours[part],
  );
  const words = { protocol: "scheme", hostname: "host", port: "port" };
  if (parts.length === 0) return "";
  const list = parts.map((part) => words[part]).join(", ");
  return ` (different ${list.replace(/, (\w+)$/, " and $1")})`;
}

/** Cleans text from a request, so that it cannot control a terminal or fill a log. */
function clean(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return short.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
