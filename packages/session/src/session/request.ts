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
