import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { privateNoStore, varyOnCookie, type Commit } from "../../cookie/headers.ts";

/** Headers as `writeHead` takes them: an object, `[name, value, ...]`, or `[[name, value], ...]`. */
export type HeadArguments = [status: number, reason?: unknown, headers?: unknown];

/**
 * As {@link applyToNode}, for headers that come with `writeHead`: what is added to them must not be
 * overwritten by them.
 *
 * @param args of `writeHead`, changed in place
 */
export function applyToHead(res: ServerResponse, args: HeadArguments, commit: Commit): void {
  if (!commit.accessed) return;
  const hasReason = typeof args[1] === "string";
  const at = hasReason || args[2] != null ? 2 : 1;
  const given = (args[at] ?? {}) as OutgoingHttpHeaders;
  const names = Object.keys(given);
  const { setCookie, clearSiteData } = commit;
  const owesVaryAlone = setCookie.length === 0 && clearSiteData === undefined;
  if (owesVaryAlone && !Array.isArray(given) && res.getHeaderNames().length === 0) {
    // Most responses. Node sends headers that come all at once in half the time.
    const all: OutgoingHttpHeaders = { Vary: "Cookie" };
    for (const name of names) all[name] = given[name];
    if (!names.some((name) => name.toLowerCase() === "vary")) {
      args[at] = all;
      return;
    }
  }
  args.length = hasReason ? 2 : 1;
  if (Array.isArray(given)) setList(res, given);
  // Node throws for a value that is undefined with a message of its own.
  else for (const name of names) if (name !== "") res.setHeader(name, given[name]!);
  applyToNode(res, commit);
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
