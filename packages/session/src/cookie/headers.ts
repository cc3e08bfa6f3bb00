import { parseSetCookie, type SetCookie } from "./set-cookie.ts";

/** What a commit asks of a response, as headers. */
export interface CommitHeaders {
  /** Whether the session was read or written, so that the response depends on the cookie. */
  readonly accessed: boolean;
  /** The values of the Set-Cookie headers to send, each on a line of its own. */
  readonly setCookie: readonly string[];
  /** The value of `Clear-Site-Data`, when {@link destroy} was asked for it. */
  readonly clearSiteData?: string | undefined;
  /** Further headers of the response, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * What a response owes to its session, once it was committed.
 *
 * @example
 * ```ts
 * const context = sessions.open("");
 * context.session.views = 1;
 * const [cookie] = (await context.commit()).cookies; // { name, value, attributes }
 * ```
 */
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

  /** The cookies of `setCookie` in parts, for a framework that has a jar of its own. */
  get cookies(): readonly SetCookie[] {
    return this.setCookie.map(parseSetCookie);
  }
}

/** Nothing happened to the session. */
export const UNTOUCHED = new Commit(false);

/**
 * The `Vary` header of a response that depends on its cookie (RFC 9110 §12.5.5).
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
 * The `Cache-Control` header of a response that sets a session cookie (RFC 9111 §5.2): no cache
 * may keep it, or one visitor is given another's session. What the app said stays where it is at
 * least as strict.
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
 * Puts what a commit asks for into Fetch `Headers`.
 *
 * @param headers of the response; Set-Cookie headers of the app stay
 * @example
 * ```ts
 * applyCommit(await context.commit(), response.headers);
 * ```
 */
export function applyCommit(commit: CommitHeaders, headers: Headers): void {
  if (!commit.accessed) return;
  headers.set("vary", varyOnCookie(headers.get("vary")));
  if (commit.clearSiteData !== undefined) headers.set("clear-site-data", commit.clearSiteData);
  for (const name in commit.headers) headers.set(name, commit.headers[name]!);
  if (commit.setCookie.length === 0) return;
  headers.set("cache-control", privateNoStore(headers.get("cache-control")));
  for (const cookie of commit.setCookie) headers.append("set-cookie", cookie);
}
