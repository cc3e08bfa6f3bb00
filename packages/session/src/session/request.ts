/**
 * What the engine needs to know of a request. Every adapter describes its framework's request in
 * these five facts, so that rules about hosts, origins and cookies are written once.
 */
export interface RequestFacts {
  /** The method in upper case, as in `POST`. */
  readonly method: string;
  /** The request target as it was received: path and query, as in `/a?b=1`. */
  readonly target: string;
  /**
   * One header.
   * @param name in lower case
   * @returns its value; repeated headers joined with `", "`; `undefined` where there is none
   */
  header(name: string): string | undefined;
  /** Whether this very connection is TLS, whatever a proxy says. */
  readonly encrypted: boolean;
  /** The address at the other end of this very connection, where the runtime tells. */
  readonly remoteAddress: string | undefined;
}

/**
 * Whether no user sees the response: one to HEAD, or one that a browser fetches ahead (`Sec-Purpose`
 * of the Fetch Standard; Safari sends `Purpose`, and Firefox before 115 `X-Moz`).
 */
export function isUnseen(request: RequestFacts): boolean {
  if (request.method === "HEAD") return true;
  return ["sec-purpose", "purpose", "x-moz"].some((name) =>
    /^\s*prefetch\b/i.test(request.header(name) ?? ""),
  );
}
