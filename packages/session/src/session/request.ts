/**
 * The facts about a request that Galleta needs. Every adapter describes its framework's request
 * with these five facts, so the rules about hosts, origins and cookies are written once.
 */
export interface RequestFacts {
  /** The HTTP method of the request in upper case, such as `POST`. */
  readonly method: string;
  /** The request target as received: path and query, such as `/a?b=1`. */
  readonly target: string;
  /**
   * Returns a header of the request.
   * @param name in lower case
   * @returns the header's value; repeated headers are joined with `", "`; `undefined` if there is
   *   none
   */
  header(name: string): string | undefined;
  /** True if the connection to this process uses TLS, whatever a proxy's headers say. */
  readonly encrypted: boolean;
  /**
   * The address of the peer that opened this connection, often a proxy; undefined if the runtime
   * does not know it.
   */
  readonly remoteAddress: string | undefined;
}

/**
 * True if no user sees the response to a request: for HEAD, or a prefetch (`Sec-Purpose` of the
 * Fetch Standard; Safari sends `Purpose`, and Firefox before 115 `X-Moz`).
 */
export function isUnseen(request: RequestFacts): boolean {
  if (request.method === "HEAD") return true;
  return ["sec-purpose", "purpose", "x-moz"].some((name) =>
    /^\s*prefetch\b/i.test(request.header(name) ?? ""),
  );
}
