import { NodeFacts, type NodeRequest } from "./node-facts.ts";
import type { RequestFacts } from "../../session/request.ts";

/** What a Fetch `Request` does not tell about its connection. */
export interface ConnectionFacts {
  /** The address at the other end of this very connection. */
  readonly remoteAddress?: string | undefined;
  /** Whether this very connection is TLS. Default: whether the URL is https. */
  readonly encrypted?: boolean | undefined;
}

/**
 * The facts of a Fetch `Request`. Everything is read when it is asked for.
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

  /** @param connection tells of the connection, where the runtime knows more than the URL */
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

  /** A Request that no server received may have its host in the URL alone. */
  header(name: string): string | undefined {
    // The pseudo-headers of HTTP/2; to ask for one is an error.
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

/** A `Request` as srvx, and with it h3, hands it on. */
export interface ServedRequest extends Request {
  readonly ip?: string | undefined;
  readonly runtime?: object | undefined;
}

/**
 * The facts of a Fetch `Request`, from Node's own request where a server of Node stands behind it:
 * that one tells of the connection, where a URL may repeat what a proxy's header claims.
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
 * Finds the client's address in what a runtime hands to a handler beside the request: Bun's server
 * or Deno's info.
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
