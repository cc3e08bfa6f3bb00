import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { RequestFacts } from "../../session/request.ts";

/** A request of `node:http`, `node:https` or the compatibility layer of `node:http2`. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/**
 * Matches a request target that is a whole URL, and captures the host with its port, and the rest.
 */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is;

/**
 * Reads the method, URL, headers and connection of a Node request, each only when needed.
 *
 * @example
 * ```ts
 * server.on("upgrade", (req) => console.log(new NodeFacts(req).header("origin")));
 * ```
 */
export class NodeFacts implements RequestFacts {
  readonly #req: NodeRequest;

  constructor(req: NodeRequest) {
    this.#req = req;
  }

  get method(): string {
    return (this.#req.method ?? "GET").toUpperCase();
  }

  /**
   * Returns the path and query that the client requested. Express and Connect cut the mount path
   * off `req.url`, but keep the whole path in `req.originalUrl`.
   */
  get target(): string {
    const { originalUrl, url } = this.#req as { originalUrl?: unknown; url?: string };
    const target = typeof originalUrl === "string" ? originalUrl : (url ?? "/");
    const [absolute, , path] = ABSOLUTE.exec(target) ?? [];
    return absolute === undefined ? target : path || "/";
  }

  /**
   * Returns a request header. If a request has several Host headers, or an `:authority` that
   * differs from Host, `host` returns all values joined with commas. Such a request is ambiguous
   * (RFC 9112 §3.2, RFC 9113 §8.3.1), and the joined value matches no site. Node itself would keep
   * only the first Host.
   */
  header(name: string): string | undefined {
    const { rawHeaders } = this.#req;
    // The request of a serverless function may have only an object of headers.
    if (rawHeaders === undefined || rawHeaders.length === 0) return this.#parsed(name);
    const value = findHeader(rawHeaders, name);
    if (name !== "host") return value;
    // A target in absolute form replaces the Host (RFC 9112 §3.2.2).
    const [, named] = ABSOLUTE.exec(this.#req.url ?? "") ?? [];
    if (named !== undefined) return named;
    const authority = findHeader(rawHeaders, ":authority");
    if (authority === undefined || value === authority) return value ?? authority;
    return value === undefined ? authority : `${authority}, ${value}`;
  }

  #parsed(name: string): string | undefined {
    const { headers } = this.#req;
    // Joins an array with commas, so that it does not count as one value.
    const value = headers[name]?.toString();
    return name === "host" ? (value ?? headers[":authority"]?.toString()) : value;
  }

  get encrypted(): boolean {
    return (this.#req.socket as { encrypted?: boolean } | undefined)?.encrypted === true;
  }

  get remoteAddress(): string | undefined {
    return (this.#req.socket as { remoteAddress?: string } | undefined)?.remoteAddress;
  }
}

/**
 * Finds a header among raw headers.
 *
 * @param raw names and values in turn, as Node received them
 */
function findHeader(raw: readonly string[], name: string): string | undefined {
  const first = name.charCodeAt(0);
  let found: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const key = raw[at]!;
    // Comparing the first letter avoids a lower-case copy of most names with the same length.
    if (key.length !== name.length || (key.charCodeAt(0) | 32) !== first) continue;
    if (key.toLowerCase() !== name) continue;
    const value = raw[at + 1]!;
    const separator = name === "cookie" ? "; " : ", ";
    found = found === undefined ? value : found + separator + value;
  }
  return found;
}
