import { CookieJar } from "../../packages/galleta/src/testing/jar.ts";

// Over TLS, so that Secure cookies are kept. The ports of a host share cookies.
const SITE = "https://localhost";

/** The cookies of a browser that visits one site: the test client's jar, without URLs. */
export class Jar {
  readonly #cookies = new CookieJar();

  /** @param header a `Cookie` header to begin with */
  constructor(header = "") {
    for (const pair of header.split("; ").filter(Boolean)) this.take([`${pair}; Path=/; Secure`]);
  }

  /** The `Cookie` header of a request; empty without cookies. */
  get header(): string {
    return this.headerFor("/");
  }

  headerFor(path: string): string {
    return this.#cookies.header(new URL(path, SITE)) ?? "";
  }

  /** The names, in order. */
  get names(): string[] {
    const pairs = this.header.split("; ").filter(Boolean);
    return pairs.map((pair) => pair.slice(0, pair.indexOf("="))).toSorted();
  }

  get(name: string, path = "/"): string | undefined {
    return this.#cookies.get(name, new URL(path, SITE));
  }

  set(name: string, value: string): void {
    this.take([`${name}=${value}; Path=/; Secure`]);
  }

  /** Takes the Set-Cookie lines of a response. */
  take(setCookie: readonly string[], path = "/"): void {
    // Whatever the site's name is, a Domain of the response means this site.
    const lines = setCookie.map((line): [string, string] => [
      "set-cookie",
      line.replace(/; Domain=[^;]*/i, ""),
    ]);
    this.#cookies.store(new URL(path, SITE), new Headers(lines));
  }

  clear(): void {
    this.#cookies.clear();
  }
}
