import { createHash } from "node:crypto";

/** How many cookies of other frameworks one process remembers. */
const REMEMBER = 20_000;

interface Seen {
  /** When another framework's cookie was first received, in seconds since 1970. */
  readonly born: number;
  readonly ended: boolean;
}

/**
 * Remembers when each cookie of another framework was first received, and whether its session has
 * ended. Such cookies have no id, and most have no start time. Without this memory, a copy could
 * begin a new session with every request, even after a logout. Only a hash of each cookie is kept.
 */
export class ForeignMemory {
  // A Map keeps insertion order, so the first entry is the oldest.
  readonly #seen = new Map<string, Seen>();

  peek(id: string): Seen | undefined {
    return this.#seen.get(id);
  }

  /**
   * Records when another framework's cookie was received, and returns the earliest time known for
   * it.
   */
  note(id: string, born: number): number {
    const known = this.#seen.get(id);
    if (known !== undefined && known.born <= born) return known.born;
    this.#put(id, { born, ended: known?.ended === true });
    return born;
  }

  /** Records that the session of another framework's cookie has ended. */
  end(id: string, born: number): void {
    this.#put(id, { born, ended: true });
  }

  #put(id: string, seen: Seen): void {
    this.#seen.delete(id);
    this.#seen.set(id, seen);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= REMEMBER) break;
      this.#seen.delete(oldest);
    }
  }
}

/**
 * Returns an id for another framework's cookie. The id is a hash, because the cookie's value is a
 * credential.
 */
export function foreignId(format: string, values: readonly (string | undefined)[]): string {
  const text = [format, ...values.map((value) => value ?? "")].join("\0");
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
