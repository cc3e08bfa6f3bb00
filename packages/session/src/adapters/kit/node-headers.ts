import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { privateNoStore, varyOnCookie, type CommitHeaders } from "../../cookie/headers.ts";

/** Headers as `writeHead` takes them: an object, `[name, value, ...]`, or `[[name, value], ...]`. */
export type HeadArguments = [status: number, reason?: unknown, headers?: unknown];

/**
 * Puts what a commit asks for into a response of Node. Doing it twice changes nothing.
 *
 * @param res whose headers have not been sent
 * @param head the arguments of a `writeHead` that is to come; what they would overwrite is moved
 * from them into the response
 * @param isNodes whether these arguments go to Node itself, and not to a middleware that adds more
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
  const owesVaryAlone =
    setCookie.length === 0 && clearSiteData === undefined && headers === undefined;
  if (head !== undefined && takeHead(res, head, isNodes && owesVaryAlone)) return;
  res.setHeader("Vary", varyOnCookie(textOf(res, "vary")));
  if (clearSiteData !== undefined) res.setHeader("Clear-Site-Data", clearSiteData);
  for (const name in headers) res.setHeader(name, headers[name]!);
  if (setCookie.length === 0) return;
  res.setHeader("Cache-Control", privateNoStore(textOf(res, "cache-control")));
  const own = [res.getHeader("set-cookie") ?? []].flat() as string[];
  res.setHeader("Set-Cookie", [...new Set([...own, ...setCookie])]);
}

/** A header's lines as one. */
function textOf(res: ServerResponse, name: string): string {
  return [res.getHeader(name) ?? ""].flat().join(", ");
}

/**
 * Moves the headers that came with `writeHead` into the response, as Node itself would.
 *
 * @param canAdd whether nothing but `Vary` is owed, and nobody else looks at the arguments
 * @returns true where that was added to them instead
 */
function takeHead(res: ServerResponse, head: HeadArguments, canAdd: boolean): boolean {
  const hasReason = typeof head[1] === "string";
  const at = hasReason || head[2] != null ? 2 : 1;
  const given = (head[at] ?? {}) as OutgoingHttpHeaders | unknown[];
  if (canAdd && !Array.isArray(given) && res.getHeaderNames().length === 0) {
    // Most responses. Node sends headers that come all at once in half the time.
    const all: OutgoingHttpHeaders = { Vary: "Cookie" };
    const names = Object.keys(given);
    for (const name of names) all[name] = given[name];
    if (!names.some((name) => name.toLowerCase() === "vary")) {
      head[at] = all;
      return true;
    }
  }
  head.length = hasReason ? 2 : 1;
  if (!Array.isArray(given)) {
    // One by one, so that of two spellings of a name the later counts.
    for (const [name, value] of Object.entries(given)) if (name !== "") res.setHeader(name, value!);
    return false;
  }
  const list: unknown[] = Array.isArray(given[0]) ? given.flat(1) : given;
  const names = list.filter((_, index) => index % 2 === 0) as string[];
  // A list may name a header several times; together they replace what was set before.
  for (const name of names) res.removeHeader(name);
  names.forEach((name, index) => res.appendHeader(name, list[index * 2 + 1] as string));
  return false;
}
