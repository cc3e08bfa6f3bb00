/** A browser's cookies of one host. As in a browser, the ports of a host share them. */
export class Jar {
  readonly #cookies = new Map<string, string>();

  /** Keeps what a response sets, and drops what it deletes or what no browser would keep. */
  take(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = "", ...attributes] = line.split(/; ?/);
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (name.length + value.length > 4096) continue;
      if (attributes.some(ends)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  get(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  /** The names, in order. */
  names(): string[] {
    return [...this.#cookies.keys()].toSorted();
  }

  /** The `Cookie` header. */
  header(): Record<string, string> {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? {} : { cookie: pairs.join("; ") };
  }

  clear(): void {
    this.#cookies.clear();
  }
}

function ends(attribute: string): boolean {
  const [name = "", value = ""] = attribute.split("=");
  if (name.toLowerCase() === "max-age") return Number(value) <= 0;
  return name.toLowerCase() === "expires" && Date.parse(value) < Date.now();
}
