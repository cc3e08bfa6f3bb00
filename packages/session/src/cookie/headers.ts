import { parseSetCookie, type SetCookie } from "./set-cookie.ts";

/** The headers that saving a session (a commit) adds to the response. */
export interface CommitHeaders {
  /** True if the session was read or written, so that the response depends on the cookie. */
  readonly accessed: boolean;
  /** The values of the Set-Cookie headers, one header each. */
  readonly setCookie: readonly string[];
  /** The value of the header `Clear-Site-Data`, if `destroy` was called with it. */
  readonly clearSiteData?: string | undefined;
  /** Other headers to set in the response, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The headers to add to a response after its session was committed. */
export class Commit implements CommitHeaders {
  readonly accessed: boolean;
  readonly setCookie: readonly string[];
  declare readonly clearSiteData?: string;
  declare readonly headers?: Readonly<Record<string, string>>;

  constructor(
    accessed: boolean,
    setCookie: readonly string[] = [],
    clearSiteData?: string,
    headers?: Readonly<Record<string, string>>,
  ) {
    this.accessed = accessed;
    this.setCookie = setCookie;
    if (clearSiteData !== undefined) this.clearSiteData = clearSiteData;
    if (headers !== undefined) this.headers = headers;
  }

  /**
   * The cookies of `setCookie`, split into name, value and attributes, for frameworks that write
   * cookies themselves.
   */
  get cookies(): readonly SetCookie[] {
    return this.setCookie.map(parseSetCookie);
  }
}

/** Joins the headers that several sessions add to one response. */
export function joinCommits(commits: readonly CommitHeaders[]): Commit {
  const headers: Record<string, string> = {};
  for (const commit of commits) {
    for (const name in commit.headers) {
      // Each of these headers is a list (RFC 9651, section 3.1), so values are joined.
      const before = headers[name];
      headers[name] =
        before === undefined ? commit.headers[name]! : `${before}, ${commit.headers[name]}`;
    }
  }
  return new Commit(
    commits.some(({ accessed }) => accessed),
    commits.flatMap(({ setCookie }) => setCookie),
    commits.find(({ clearSiteData }) => clearSiteData !== undefined)?.clearSiteData,
    Object.keys(headers).length === 0 ? undefined : headers,
  );
}

/** The result of a commit if the session was not used: it adds no headers. */
export const UNTOUCHED = new Commit(false);

/**
 * Returns the `Vary` header of a response that depends on its cookie (RFC 9110 §12.5.5).
 *
 * @example
 * ```ts
 * varyOnCookie("Accept-Encoding"); // "Accept-Encoding, Cookie"
 * varyOnCookie("*");               // "*"
 * ```
 */
export function varyOnCookie(existing: string | null | undefined): string {
  if (!existing?.trim()) return "Cookie";
  return /(?:^|,)\s*(?:\*|cookie)\s*(?:,|$)/i.test(existing) ? existing : `${existing}, Cookie`;
}

/**
 * Returns the `Cache-Control` header of a response that sets a session cookie (RFC 9111 §5.2). No
 * cache may keep such a response, or it would give one visitor another's session. An app's header
 * that is at least as strict is kept.
 *
 * @example
 * ```ts
 * privateNoStore("public, max-age=60"); // "private, no-store"
 * privateNoStore("no-store");           // "no-store"
 * ```
 */
export function privateNoStore(existing: string | null | undefined): string {
  return existing && /(?:^|,)\s*no-store\s*(?:,|$)/i.test(existing)
    ? existing
    : "private, no-store";
}

/**
 * Adds the headers of a commit to Fetch `Headers`.
 *
 * @param headers the response's headers; Set-Cookie headers of the app are kept
 * @example
 * ```ts
 * applyCommit(await context.commit(), response.headers);
 * ```
 */
export function applyCommit(commit: CommitHeaders, headers: Headers): void {
  if (!commit.accessed) return;
  headers.set("vary", varyOnCookie(headers.get("vary")));
  if (commit.clearSiteData !== undefined) headers.set("clear-site-data", commit.clearSiteData);
  for (const name in commit.headers) headers.append(name, commit.headers[name]!);
  if (commit.setCookie.length === 0) return;
  headers.set("cache-control", privateNoStore(headers.get("cache-control")));
  for (const cookie of commit.setCookie) headers.append("set-cookie", cookie);
}
