import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { privateNoStore, varyOnCookie, type Commit } from "../../cookie/headers.ts";

/** Headers as `writeHead` takes them: an object, `[name, value, ...]`, or `[[name, value], ...]`. */
export type HeadArguments = [status: number, reason?: unknown, headers?: unknown];

/**
 * Moves the headers that came with `writeHead` into the response, as Node itself would, so that
 * what is added to them is not overwritten by them.
 *
 * @returns the arguments that are left for `writeHead`
 */
export function takeHeadHeaders(res: ServerResponse, args: HeadArguments): HeadArguments {
  const [status, reason, headers] = args;
  const given = typeof reason === "string" ? headers : (headers ?? reason);
  if (Array.isArray(given)) setList(res, given);
  else if (typeof given === "object" && given !== null)
    setObject(res, given as OutgoingHttpHeaders);
  return typeof reason === "string" ? [status, reason] : [status];
}

/**
 * Puts what a commit asks for into a response of Node. Doing it twice changes nothing.
 *
 * @param res whose headers have not been sent
 */
export function applyToNode(res: ServerResponse, commit: Commit): void {
  if (!commit.accessed) return;
  res.setHeader("Vary", varyOnCookie(textOf(res.getHeader("vary"))));
  if (commit.clearSiteData !== undefined) res.setHeader("Clear-Site-Data", commit.clearSiteData);
  if (commit.setCookie.length === 0) return;
  res.setHeader("Cache-Control", privateNoStore(textOf(res.getHeader("cache-control"))));
  const others = listOf(res.getHeader("set-cookie")).filter(
    (cookie) => !commit.setCookie.includes(cookie),
  );
  res.setHeader("Set-Cookie", [...others, ...commit.setCookie]);
}

function setObject(res: ServerResponse, headers: OutgoingHttpHeaders): void {
  for (const name of Object.keys(headers)) {
    // Node throws for `undefined` with a message of its own.
    if (name !== "") res.setHeader(name, headers[name] as OutgoingHttpHeader);
  }
}

/** A list may name a header several times; together they replace what was set before. */
function setList(res: ServerResponse, list: readonly unknown[]): void {
  const pairs: (readonly [string, unknown])[] = [];
  if (Array.isArray(list[0])) {
    for (const pair of list as [string, unknown][]) pairs.push([String(pair[0]), pair[1]]);
  } else {
    if (list.length % 2 !== 0) throw new TypeError("writeHead takes names and values in pairs.");
    for (let index = 0; index < list.length; index += 2) {
      pairs.push([String(list[index]), list[index + 1]]);
    }
  }
  const byName = new Map<string, { name: string; values: unknown[] }>();
  for (const [name, value] of pairs) {
    const entry = byName.get(name.toLowerCase()) ?? { name, values: [] };
    entry.values.push(...(Array.isArray(value) ? value : [value]));
    byName.set(name.toLowerCase(), entry);
  }
  for (const { name, values } of byName.values()) {
    res.setHeader(name, (values.length === 1 ? values[0] : values) as OutgoingHttpHeader);
  }
}

function textOf(header: OutgoingHttpHeader | undefined): string | undefined {
  return header === undefined ? undefined : listOf(header).join(", ");
}

function listOf(header: OutgoingHttpHeader | undefined): string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header : [String(header)];
}
