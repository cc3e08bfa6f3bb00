import { Jar } from "../support/cookies.ts";

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

/** The cookies of a browser, with the attributes that make one the credential of a session. */
export class Cookies extends Jar {
  readonly #credentials = new Map<string, string>();

  override take(setCookie: readonly string[], path?: string): void {
    for (const line of setCookie) {
      const [pair = "", ...attributes] = line.split(";");
      this.#credentials.set(pair.slice(0, pair.indexOf("=")), credentialOf(attributes.join(";")));
    }
    super.take(setCookie, path);
  }

  /** True if a request carries a cookie of this name and these attributes. */
  has(path: string, name: string, credential: string): boolean {
    return this.get(name, path) !== undefined && this.#credentials.get(name) === credential;
  }
}
