import { NodeFacts, type NodeRequest } from "./node-facts.ts";
import type { RequestFacts } from "../../session/request.ts";

/**
 * What a Fetch `Request` does not contain: the client's address, and whether its connection uses
 * TLS.
 */
export interface ConnectionFacts {
  /** The IP address at the other end of this connection: of the client, or of a proxy. */
  readonly remoteAddress?: string | undefined;
  /** True if the connection to this server uses TLS. Default: true if the URL is https. */
  readonly encrypted?: boolean | undefined;
}

/**
 * Reads the method, URL, headers and connection of a Fetch `Request`, each only when needed.
 *
 * @example
 * ```ts
 * const facts = new FetchFacts(request, () => ({ remoteAddress: "10.0.0.7", encrypted: true }));
 * ```
 */
export class FetchFacts implements RequestFacts {
  readonly #request: Request;
  readonly #connection: () => ConnectionFacts;
  #url: URL | undefined;

  /**
   * @param connection returns the client's address and TLS, if the runtime knows more than the URL
   */
  constructor(request: Request, connection: () => ConnectionFacts = () => ({})) {
    this.#request = request;
    this.#connection = connection;
  }

  get method(): string {
    return this.#request.method.toUpperCase();
  }

  get target(): string {
    return this.#location.pathname + this.#location.search;
  }

  /**
   * Returns a header of the request. A Request that did not come through a server may have no Host
   * header: the host is then taken from the URL.
   */
  header(name: string): string | undefined {
    // Reading a pseudo-header of HTTP/2 would throw.
    if (name.startsWith(":")) return undefined;
    const value = this.#request.headers.get(name);
    return value ?? (name === "host" ? this.#location.host : undefined);
  }

  get encrypted(): boolean {
    return this.#connection().encrypted ?? this.#location.protocol === "https:";
  }

  get remoteAddress(): string | undefined {
    return this.#connection().remoteAddress;
  }

  get #location(): URL {
    return (this.#url ??= new URL(this.#request.url));
  }
}

/** A `Request` with the members that srvx and h3 add. */
export interface ServedRequest extends Request {
  readonly ip?: string | undefined;
  readonly runtime?: object | undefined;
}

/**
 * Returns the method, URL, headers and connection of a Fetch `Request`. On Node, srvx and h3 attach
 * Node's own request, which is read instead: only Node's request has the connection, and the URL of
 * the Fetch `Request` may come from a proxy's header.
 *
 * @example
 * ```ts
 * factsOf(new Request("https://shop.example/cart?page=2")).target; // "/cart?page=2"
 * ```
 */
export function factsOf(request: ServedRequest): RequestFacts {
  const node = (request.runtime as { node?: { req?: NodeRequest } } | undefined)?.node?.req;
  if (node !== undefined) return new NodeFacts(node);
  return new FetchFacts(request, () => ({ remoteAddress: request.ip }));
}

/**
 * Returns the client's address from the second argument of a handler: Bun's server, or Deno's
 * information about the connection.
 *
 * @example
 * ```ts
 * const handler = (request: Request, beside: unknown) =>
 *   new FetchFacts(request, () => connectionOf(request, beside));
 * ```
 */
export function connectionOf(request: Request, beside: unknown): ConnectionFacts {
  if (typeof beside !== "object" || beside === null) return {};
  const { requestIP, remoteAddr } = beside as {
    requestIP?: (this: unknown, request: Request) => { address?: string } | null;
    remoteAddr?: { hostname?: string };
  };
  if (typeof requestIP === "function") {
    return { remoteAddress: requestIP.call(beside, request)?.address };
  }
  return { remoteAddress: remoteAddr?.hostname };
}
