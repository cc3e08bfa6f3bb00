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
    const { originalUrl } = this.#req as { originalUrl?: unknown };
    return typeof originalUrl === "string" ? originalUrl : (this.#req.url ?? "/");
  }

  header(name: string): string | undefined {
    if (name === "host") return this.#host();
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  get encrypted(): boolean {
    const { socket } = this.#req;
    return "encrypted" in socket && socket.encrypted === true;
  }

  get remoteAddress(): string | undefined {
    return this.#req.socket.remoteAddress;
  }

  /**
   * Node keeps the first of several Host headers and HTTP/2 adds `:authority`. Where they differ
   * nobody can say which site was meant (RFC 9112 §3.2, RFC 9113 §8.3.1), so all are shown.
   */
  #host(): string | undefined {
    const { rawHeaders } = this.#req;
    let host: string | undefined;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!;
      if (name.length !== 4 && name !== ":authority") continue;
      if (name !== ":authority" && name.toLowerCase() !== "host") continue;
      const value = rawHeaders[index + 1]!;
      if (host === undefined) host = value;
      else if (name !== ":authority" && rawHeaders.includes(":authority") && value === host)
        continue;
      else host += `, ${value}`;
    }
    return host;
  }
}
