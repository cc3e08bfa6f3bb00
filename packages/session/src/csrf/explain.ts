import type { RequestFacts } from "../session/request.ts";
import type { Denial } from "./denial.ts";

/** What the event of a denied request tells: enough to mend it, and nothing secret. */
export interface Explained {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  /** The Origin that came. */
  readonly origin?: string | undefined;
  /** The origin of this site, as far as it is known. */
  readonly own?: string | undefined;
  /** For a log: what happened, and what to do. */
  readonly message: string;
}

/**
 * Says what was denied and why, in the words of a request: no browser shows the body of a refused
 * handshake, so that the log is all there is.
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
  const path = clean(request.target.replace(/[?#].*$/s, ""));
  const sent = request.header("origin");
  const origin = sent === undefined ? undefined : clean(sent);
  const what = isHandshake ? `WebSocket handshake ${path}` : `${method} ${path}`;
  const about =
    denial.code === "ERR_SESSION_HOST" ? hostOf(request) : originOf(request, origin, own);
  const message = `${what} denied: ${about}${denial.message}`;
  return { method, path, origin, own, message };
}

function hostOf(request: RequestFacts): string {
  const host = request.header("host");
  const forwarded = request.header("x-forwarded-host");
  const via = forwarded === undefined ? "" : `, X-Forwarded-Host ${clean(forwarded)}`;
  return host === undefined ? "" : `Host ${clean(host)}${via}. `;
}

function originOf(request: RequestFacts, origin: string | undefined, own: string | undefined) {
  const site = request.header("sec-fetch-site");
  const told = [
    origin === undefined ? undefined : `Origin ${origin}`,
    site === undefined ? undefined : `Sec-Fetch-Site ${clean(site)}`,
  ].filter((each) => each !== undefined);
  const differs = origin === undefined || own === undefined ? "" : differenceOf(origin, own);
  const here = own === undefined ? "" : `this site is ${own}${differs}`;
  const all = [told.join(", "), here].filter((each) => each !== "");
  return all.length === 0 ? "" : `${all.join("; ")}. `;
}

/** What of two origins differs. A scheme alone is a proxy that ends TLS and is not trusted. */
function differenceOf(origin: string, own: string): string {
  if (!URL.canParse(origin)) return "";
  const [theirs, ours] = [new URL(origin), new URL(own)];
  const parts = (["protocol", "hostname", "port"] as const).filter(
    (part) => theirs[part] !== ours[part],
  );
  const words = { protocol: "the scheme", hostname: "the host", port: "the port" };
  if (parts.length === 0) return "";
  return ` (${parts.map((part) => words[part]).join(" and ")} differ${parts.length > 1 ? "" : "s"})`;
}

/** Text from a request must not act on a terminal, nor fill a log. */
function clean(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return short.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
