import { serializeAttributes, type CookieAttributes } from "../cookie/serialize.ts";
import type { LoadedSnapshot } from "./records.ts";
import type { RequestFacts } from "./request.ts";
import type { SessionSettings } from "./settings.ts";

/**
 * Limits the deletions of older cookies in one response. More Set-Cookie headers would not fit into
 * the buffers of common proxies.
 */
const MAX_STRAYS = 16;

/**
 * Finds the attributes under which a browser may have an older cookie of the session. These are the
 * attributes in the option `formerly`. If the request brought several cookies with the session's
 * name, all attributes that cookies for the request's URL can have are added.
 */
export function findStrays(
  settings: SessionSettings,
  { loaded, secure }: { readonly loaded: LoadedSnapshot; readonly secure: boolean },
  request: RequestFacts | undefined,
): readonly string[] {
  const { current, formerly, httpsOnly, cookieName } = settings;
  const isSecure = secure || httpsOnly === true;
  const possible = [...formerly];
  if (loaded.others !== undefined && request !== undefined) {
    possible.push(...allowedBy(request, current, cookieName));
  }
  const texts = possible.map((each) => serializeAttributes(each, isSecure || each.partitioned));
  const own = serializeAttributes(current, isSecure);
  return [...new Set(texts)].filter((text) => text !== own).slice(0, MAX_STRAYS);
}

/**
 * Lists the attributes that a cookie for the request's URL can have. Browsers send a cookie to its
 * path, its domain and everything below.
 */
function allowedBy(
  request: RequestFacts,
  current: CookieAttributes,
  cookieName: string,
): CookieAttributes[] {
  const isBound = /^__host-/i.test(cookieName);
  const domains = isBound ? [undefined] : [undefined, current.domain, ...parentsOf(request)];
  const paths = isBound ? ["/"] : [current.path, "/", ...prefixesOf(request.target)];
  const all = [false, ...(request.encrypted || current.partitioned ? [true] : [])].flatMap(
    (partitioned) =>
      paths.flatMap((path) => domains.map((domain) => ({ ...current, domain, path, partitioned }))),
  );
  return all;
}

/**
 * Lists the request's host and the domains above it. Public suffixes do no harm: browsers reject
 * cookies for them.
 */
function parentsOf(request: RequestFacts): string[] {
  const host = (request.header("host") ?? "").replace(/:\d+$/, "").toLowerCase();
  if (!/^[a-z0-9.-]+$/.test(host) || !/[a-z]/.test(host)) return [];
  const labels = host.split(".");
  return labels
    .slice(0, -1)
    .map((_, at) => labels.slice(at).join("."))
    .slice(-3);
}

function prefixesOf(target: string): string[] {
  const [path = "/"] = target.split(/[?#]/);
  // The last part names a page. Cookies are set for folders.
  const parts = path.split("/").slice(1, -1);
  return parts
    .map((_, at) => `/${parts.slice(0, at + 1).join("/")}`)
    .filter((prefix) => /^\/[\w.~%/-]{1,200}$/.test(prefix))
    .slice(0, 2);
}
