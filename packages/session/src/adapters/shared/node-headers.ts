import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { privateNoStore, varyOnCookie, type Commit } from "../../cookie/headers.ts";

/** Headers as `writeHead` takes them: an object, `[name, value, ...]`, or `[[name, value], ...]`. */
export type HeadArguments = [status: number, reason?: unknown, headers?: unknown];

/**
 * Moves the headers that came with `writeHead` into the response, as Node itself would, so that
 * what is added to them is not overwritten by them.
 *
 * @param args of `writeHead`; those that are left are its arguments then
 */
export function takeHeadHeaders(res: ServerResponse, args: HeadArguments): void {
  const hasReason = typeof args[1] === "string";
  const given = hasReason ? args[2] : (args[2] ?? args[1]);
  args.length = hasReason ? 2 : 1;
  if (Array.isArray(given)) setList(res, given);
  else if (given !== null) setObject(res, given as OutgoingHttpHeaders | undefined);
}

function setObject(res: ServerResponse, headers: OutgoingHttpHeaders = {}): void {
  for (const name of Object.keys(headers)) {
    // Node throws for a value that is undefined with a message of its own.
    if (name !== "") res.setHeader(name, headers[name] as OutgoingHttpHeader);
  }
}

/** A list may name a header several times; together they replace what was set before. */
function setList(res: ServerResponse, list: readonly unknown[]): void {
  const flat = Array.isArray(list[0]) ? list.flat(1) : list;
  const names = flat.map(String).filter((_, at) => at % 2 === 0);
  for (const name of names) res.removeHeader(name);
  // A name without a value is refused by Node, as a value that is undefined.
  names.forEach((name, at) => res.appendHeader(name, flat[at * 2 + 1] as string));
}

/**
 * Puts what a commit asks for into a response of Node. Doing it twice changes nothing.
 *
 * @param res whose headers have not been sent
 */
export function applyToNode(res: ServerResponse, commit: Commit): void {
  if (!commit.accessed) return;
  const { setCookie, clearSiteData } = commit;
  res.setHeader("Vary", varyOnCookie(textOf(res, "vary")));
  if (clearSiteData !== undefined) res.setHeader("Clear-Site-Data", clearSiteData);
  if (setCookie.length === 0) return;
  res.setHeader("Cache-Control", privateNoStore(textOf(res, "cache-control")));
  const own = [res.getHeader("set-cookie") ?? []].flat() as string[];
  res.setHeader("Set-Cookie", [...new Set([...own, ...setCookie])]);
}

/** A header's lines as one. */
function textOf(res: ServerResponse, name: string): string {
  return String(res.getHeader(name) ?? "");
}
