// The cookies of a browser (RFC 6265bis), as one site sets them.

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly attributes: ReadonlySet<string>;
  /** Milliseconds since 1970; Infinity until the browser closes. */
  readonly until: number;
}

/** The attributes that decide whether a cookie is a session's credential. */
function identityOf(parts: readonly string[]): Set<string> {
  const kept = parts.map((part) => part.trim().toLowerCase()).filter(isIdentity);
  if (!kept.some((part) => part.startsWith("path="))) kept.push("path=/");
  if (!kept.some((part) => part.startsWith("samesite="))) kept.push("samesite=lax");
  return new Set(kept);
}

const isIdentity = (part: string): boolean =>
  part === "secure" || part === "httponly" || /^(?:path|domain|samesite)=/.test(part);

/** What the attributes of a credential, or of a Set-Cookie line, say about its identity. */
export function credentialOf(attributes: string): string {
  return [...identityOf(attributes.split(";"))].toSorted().join("; ");
}

export class Cookies {
  readonly #cookies = new Map<string, Cookie>();

  /**
   * Takes a Set-Cookie line. A line that a browser would reject is an error, so that tests see it.
   */
  take(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    const identity = identityOf(attributes);
    const maxAge = attributes.map((part) => /^\s*max-age=(-?\d+)$/i.exec(part)?.[1]).find(Boolean);
    const path = [...identity].find((part) => part.startsWith("path="))!.slice("path=".length);
    if (name.startsWith("__Host-") && (!identity.has("secure") || path !== "/")) {
      throw new Error(`A browser rejects this cookie: ${name}`);
    }
    const until = maxAge === undefined ? Infinity : Date.now() + Number(maxAge) * 1000;
    this.#cookies.set(`${name};${path}`, { name, value, path, attributes: identity, until });
  }

  /** The Cookie header of a request. */
  header(path: string): string {
    return this.#sent(path)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  /** True if a request carries a cookie of this name and these attributes. */
  has(path: string, name: string, credential: string): boolean {
    return this.#sent(path).some(
      (cookie) =>
        cookie.name === name && [...cookie.attributes].toSorted().join("; ") === credential,
    );
  }

  /** Returns a value as a thief would copy it. */
  get(name: string): string | undefined {
    return this.#sent("/").find((cookie) => cookie.name === name)?.value;
  }

  clear(): void {
    this.#cookies.clear();
  }

  #sent(path: string): Cookie[] {
    return [...this.#cookies.values()].filter(
      ({ path: prefix, until }) =>
        until > Date.now() && (path === prefix || path.startsWith(prefix.replace(/\/?$/, "/"))),
    );
  }
}
