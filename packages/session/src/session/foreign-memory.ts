import { createHash } from "node:crypto";

/** Cookies of other frameworks that one process remembers. */
const REMEMBER = 20_000;

interface Seen {
  /** When it came first, in seconds since 1970. */
  readonly born: number;
  readonly ended: boolean;
}

/**
 * What became of other frameworks' cookies. They have no id, and most tell no beginning: a copy
 * would begin anew at every request, whatever ended its session. Each is known by a hash.
 */
export class ForeignMemory {
  // Insertion order is age.
  readonly #seen = new Map<string, Seen>();

  peek(id: string): Seen | undefined {
    return this.#seen.get(id);
  }

  /** Notes when a cookie came first. @returns the earliest that is known */
  note(id: string, born: number): number {
    const known = this.#seen.get(id);
    if (known !== undefined && known.born <= born) return known.born;
    this.#put(id, { born, ended: known?.ended === true });
    return born;
  }

  /** Notes that the session which came of a cookie was ended. */
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

/** The id of another framework's cookie: a hash, since its value logs in. */
export function foreignId(format: string, values: readonly (string | undefined)[]): string {
  const text = [format, ...values.map((value) => value ?? "")].join("\0");
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
