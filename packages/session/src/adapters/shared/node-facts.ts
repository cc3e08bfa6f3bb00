import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { RequestFacts } from "../../session/request.ts";

/** A request of `node:http`, `node:https` or of the compatibility layer of `node:http2`. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** The facts of a request that a Node server received. Everything is read when it is asked for. */
export class NodeFacts implements RequestFacts {
  readonly #req: NodeRequest;

  constructor(req: NodeRequest) {
    this.#req = req;
  }

  get method(): string {
    return (this.#req.method ?? "GET").toUpperCase();
  }

  /** Express and Connect cut the mount path off `url` and keep what was received. */
  get target(): string {
    const { originalUrl, url } = this.#req as { originalUrl?: unknown; url?: string };
    return typeof originalUrl === "string" ? originalUrl : (url ?? "/");
  }

  /**
   * Node keeps the first of several Host headers and HTTP/2 adds `:authority`. Where they differ
   * nobody can say which site was meant (RFC 9112 §3.2, RFC 9113 §8.3.1), so all are shown.
   */
  header(name: string): string | undefined {
    const { headers, rawHeaders } = this.#req;
    // Where something that is no server of Node gives a list, it must not pass for one value.
    if (name !== "host") return headers[name]?.toString();
    const authority = headers[":authority"] as string | undefined;
    let host = authority;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (rawHeaders[at]!.length !== 4 || rawHeaders[at]!.toLowerCase() !== name) continue;
      const value = rawHeaders[at + 1]!;
      if (host === undefined) host = value;
      else if (value !== authority) host += `, ${value}`;
    }
    return host;
  }

  get encrypted(): boolean {
    return (this.#req.socket as { encrypted?: boolean }).encrypted === true;
  }

  get remoteAddress(): string | undefined {
    return this.#req.socket.remoteAddress;
  }
}
