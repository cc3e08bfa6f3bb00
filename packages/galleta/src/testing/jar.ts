interface StoredCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  /**
   * When the cookie expires, in milliseconds since 1970; `undefined` keeps it until the browser
   * closes.
   */
  readonly expires: number | undefined;
}

/**
 * Keeps cookies as a browser does (RFC 6265bis §5): by domain and path, secure ones for https only,
 * and until they expire. Rejects the cookies that a browser rejects: those over 4096 characters,
 * and those with a name prefix such as `__Host-` without the attributes that it requires.
 */
export class CookieJar {
  readonly #cookies = new Map<string, StoredCookie>();

  /** Stores the cookies of a response to a request for `url`. */
  store(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const cookie = parseSetCookie(line, url);
      if (cookie === undefined) continue;
      const key = `${cookie.domain};${cookie.path};${cookie.name}`;
      // A cookie that is replaced keeps its place among the others.
      if (isOver(cookie)) this.#cookies.delete(key);
      else this.#cookies.set(key, cookie);
    }
  }

  /** Returns the Cookie header of a request for `url`; `undefined` if no cookie matches. */
  header(url: URL): string | undefined {
    const cookies = this.#cookiesFor(url);
    if (cookies.length === 0) return undefined;
    return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** Returns the value of a cookie that a request for `url` would send. */
  get(name: string, url: URL): string | undefined {
    return this.#cookiesFor(url).find((cookie) => cookie.name === name)?.value;
  }

  /** Sets a cookie for the host of `url`, as the server would, with the path `/`. */
  set(name: string, value: string, url: URL): void {
    this.store(url, new Headers({ "set-cookie": `${name}=${value}; Path=/` }));
  }

  /** Removes all cookies, like opening a new browser. */
  clear(): void {
    this.#cookies.clear();
  }

  #cookiesFor(url: URL): StoredCookie[] {
    return [...this.#cookies.values()]
      .filter((cookie) => !isOver(cookie) && isFor(cookie, url))
      .toSorted((one, other) => other.path.length - one.path.length);
  }
}

function parseSetCookie(line: string, url: URL): StoredCookie | undefined {
  const [pair = "", ...rest] = line.split(";");
  const separator = pair.indexOf("=");
  if (separator < 1) return undefined;
  const attributes = new Map<string, string>();
  for (const attribute of rest) {
    const at = attribute.indexOf("=");
    const name = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    attributes.set(name, at < 0 ? "" : attribute.slice(at + 1).trim());
  }
  const domain = attributes.get("domain")?.replace(/^\./, "").toLowerCase() ?? "";
  if (domain !== "" && !isInDomain(url.hostname, domain)) return undefined;
  const isSecure = attributes.has("secure");
  if (isSecure && url.protocol !== "https:") return undefined;
  const path = attributes.get("path") ?? "";
  const name = pair.slice(0, separator).trim();
  const value = pair.slice(separator + 1).trim();
  if (name.length + value.length > 4096) return undefined;
  if (/^__(?:Host|Secure)-/i.test(name) && !isSecure) return undefined;
  if (/^__Host-/i.test(name) && (domain !== "" || path !== "/")) return undefined;
  return {
    name,
    value,
    domain: domain || url.hostname,
    isHostOnly: domain === "",
    path: path.startsWith("/") ? path : defaultPath(url.pathname),
    isSecure,
    expires: expiryOf(attributes),
  };
}

/**
 * Returns when a cookie expires, in milliseconds since 1970. Max-Age takes precedence over Expires
 * (RFC 6265 §5.3).
 */
function expiryOf(attributes: ReadonlyMap<string, string>): number | undefined {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? undefined : expires;
}

/**
 * Returns the path of a cookie without the attribute Path: the directory of the request's path (RFC
 * 6265 §5.1.4).
 */
function defaultPath(pathname: string): string {
  const end = pathname.lastIndexOf("/");
  return end <= 0 ? "/" : pathname.slice(0, end);
}

function isOver({ expires }: StoredCookie): boolean {
  return expires !== undefined && expires <= Date.now();
}

function isFor(cookie: StoredCookie, { protocol, hostname, pathname }: URL): boolean {
  if (cookie.isSecure && protocol !== "https:") return false;
  const isHere = cookie.isHostOnly
    ? hostname === cookie.domain
    : isInDomain(hostname, cookie.domain);
  const base = cookie.path.endsWith("/") ? cookie.path : `${cookie.path}/`;
  return isHere && (pathname === cookie.path || pathname.startsWith(base));
}

function isInDomain(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
