import { Buffer } from "node:buffer";
import type { OpenedToken } from "./token.ts";

/** Bytes, or nearly, that one generation holds: some 8000 tokens of small sessions. */
const GENERATION = 4 * 1024 * 1024;
/** Bytes that an entry takes beside its text. */
const OVERHEAD = 256;
/** Characters at the end of a token that it is found by: 96 bits of its MAC. */
const TAIL = 16;

interface Entry {
  readonly token: string;
  readonly opened: OpenedToken;
}

/**
 * Remembers tokens that were verified a moment ago, so that the MAC need not be computed again.
 * Times and revocation are judged every time, and no request gets what is kept itself: it parses or
 * copies data of its own.
 *
 * A token is found by its end, because hashing all of it costs as much as parsing it, and counts
 * only where all of it is the same. Whoever could learn from the time this takes how far a token
 * agrees with another already holds the end of its MAC.
 *
 * Two generations bound it, by what they hold and not by number, since tokens may be large: when
 * the young one is full it becomes the old one, and what nobody asked for since is dropped.
 */
export class TokenCache {
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #size = 0;

  get(token: string): OpenedToken | undefined {
    const tail = token.slice(-TAIL);
    const young = this.#young.get(tail);
    if (young !== undefined) return young.token === token ? young.opened : undefined;
    const old = this.#old.get(tail);
    if (old === undefined || old.token !== token) return undefined;
    this.#put(tail, old);
    return old.opened;
  }

  set(token: string, opened: OpenedToken): void {
    // A copy: what was cut out of a Cookie header keeps all of the header in memory.
    const own = Buffer.from(token, "latin1").toString("latin1");
    this.#put(own.slice(-TAIL), { token: own, opened });
  }

  #put(tail: string, entry: Entry): void {
    if (this.#size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#size = 0;
    }
    this.#size += OVERHEAD + entry.token.length + entry.opened.json.length;
    this.#young.set(tail, entry);
  }
}
