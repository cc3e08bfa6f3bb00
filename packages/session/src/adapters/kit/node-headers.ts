import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { privateNoStore, varyOnCookie, type CommitHeaders } from "../../cookie/headers.ts";

/**
 * The arguments of `writeHead` of a Node response. The headers are an object, `[name, value, ...]`,
 * or `[[name, value], ...]`.
 */
export type HeadArguments = [status: number, reason?: unknown, headers?: unknown];

/**
 * Adds the cookies and headers of a saved session to a Node response. A second call changes
 * nothing.
 *
 * @param res the response; its headers must not have been sent
 * @param commit the result of saving the session
 * @param head the arguments of the `writeHead` call that comes next. Its headers are joined with
 *   those of the session, because `writeHead` alone would overwrite them
 * @param isNodes true if Node's own `writeHead` gets `head`; false if another middleware has
 *   replaced `writeHead`
 * @example
 * ```ts
 * server.on("request", async (req, res) => {
 *   const context = sessions.open(req.headers.cookie);
 *   applyToNode(res, await context.commit());
 *   res.end();
 * });
 * ```
 */
export function applyToNode(
  res: ServerResponse,
  commit: CommitHeaders,
  head?: HeadArguments,
  isNodes = false,
): void {
  const { accessed, setCookie, clearSiteData, headers } = commit;
  if (!accessed) return;
  if (head !== undefined && takeHead(res, head, isNodes ? commit : undefined)) return;
  res.setHeader("Vary", varyOnCookie(textOf(res, "vary")));
  if (clearSiteData !== undefined) res.setHeader("Clear-Site-Data", clearSiteData);
  for (const name in headers) res.setHeader(name, headers[name]!);
  if (setCookie.length === 0) return;
  res.setHeader("Cache-Control", privateNoStore(textOf(res, "cache-control")));
  res.setHeader("Set-Cookie", joinCookies(res.getHeader("set-cookie"), setCookie));
}

type Value = OutgoingHttpHeaders[string];

function joinCookies(own: Value, added: readonly string[]): readonly string[] {
  return own === undefined ? added : [...new Set([own, added].flat() as string[])];
}

/** Returns the value of a response header as one line; empty if the header is not set. */
function textOf(res: ServerResponse, name: string): string {
  return asText(res.getHeader(name));
}

function asText(value: Value): string {
  if (value === undefined) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/**
 * Joins the headers of a `writeHead` call and of a saved session in one object.
 *
 * @param owed the headers of the saved session
 * @param given the headers of the call
 * @returns `undefined` if this fast path cannot join them: a name is given in two spellings, or the
 *   session needs headers other than Vary, Cache-Control and Set-Cookie
 */
function together(
  owed: CommitHeaders,
  given: OutgoingHttpHeaders,
): OutgoingHttpHeaders | undefined {
  const { setCookie, clearSiteData, headers } = owed;
  if (clearSiteData !== undefined || headers !== undefined) return undefined;
  const all: OutgoingHttpHeaders = {};
  const merged: Record<string, Value> = {};
  for (const name of Object.keys(given)) {
    const lower = MERGED_LENGTHS.has(name.length) ? name.toLowerCase() : name;
    if (!MERGED.has(lower)) all[name] = given[name];
    else if (lower in merged) return undefined;
    else merged[lower] = given[name];
  }
  all["Vary"] = varyOnCookie(asText(merged["vary"]));
  const { "cache-control": cache, "set-cookie": own } = merged;
  if (setCookie.length > 0) {
    all["Cache-Control"] = privateNoStore(asText(cache));
    all["Set-Cookie"] = joinCookies(own, setCookie) as string[];
  } else {
    if (cache !== undefined) all["Cache-Control"] = cache;
    if (own !== undefined) all["Set-Cookie"] = own;
  }
  return all;
}

const MERGED: ReadonlySet<string> = new Set(["vary", "cache-control", "set-cookie"]);
const MERGED_LENGTHS: ReadonlySet<number> = new Set([4, 10, 13]);

/**
 * Moves the headers of a `writeHead` call into the response, as Node itself would. If possible, it
 * adds the session's headers to the call instead, which is faster.
 *
 * @param head the arguments of the call, changed in place
 * @param owed the headers of the saved session, if Node's own `writeHead` gets `head`
 * @returns true if the session's headers were added to `head`; false if the caller must still set
 *   them
 */
function takeHead(res: ServerResponse, head: HeadArguments, owed?: CommitHeaders): boolean {
  const hasReason = typeof head[1] === "string";
  const at = hasReason || head[2] != null ? 2 : 1;
  const given = (head[at] ?? {}) as OutgoingHttpHeaders | unknown[];
  if (owed !== undefined && !Array.isArray(given) && res.getHeaderNames().length === 0) {
    // Most responses take this path: Node needs half the time if all headers are passed at once.
    const all = together(owed, given);
    if (all !== undefined) {
      head[at] = all;
      return true;
    }
  }
  head.length = hasReason ? 2 : 1;
  if (!Array.isArray(given)) {
    // One header at a time, so that the later of two spellings of a name wins.
    for (const [name, value] of Object.entries(given)) if (name !== "") res.setHeader(name, value!);
    return false;
  }
  const list: unknown[] = Array.isArray(given[0]) ? given.flat(1) : given;
  const names = list.filter((_, index) => index % 2 === 0) as string[];
  // A list may contain several lines of one header. Together they replace the earlier value.
  for (const name of names) res.removeHeader(name);
  names.forEach((name, index) => res.appendHeader(name, list[index * 2 + 1] as string));
  return false;
}
