import { Buffer } from "node:buffer";
import type { OpenedToken } from "./token.ts";

/** Bytes, or nearly, that one generation holds: some 8000 tokens of small sessions. */
const GENERATION = 4 * 1024 * 1024;
/** Tokens seen once that end a generation too, so that it is known who came back lately. */
const STRANGERS = 8192;
const SEEN_BYTES = 0x8000;
/** Bytes that an entry takes beside its text. */
const OVERHEAD = 256;
/** Characters at the end of a token that it is found by: 68 bits of its MAC, or more. */
const TAIL = 12;

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
 *
 * A token that a request brings is kept from its second time on. Of those that do not come again,
 * which may be most of them, nothing stays for the collector but one bit.
 */
export class TokenCache {
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #size = 0;
  #strangers = 0;
  /** One bit for each token that was seen, by a hash of its end; of both generations. */
  #seen = new Uint8Array(SEEN_BYTES);
  #seenBefore = this.#seen;

  get(token: string): OpenedToken | undefined {
    if (!this.#sawLately(token)) return undefined;
    const tail = token.slice(-TAIL);
    const young = this.#young.get(tail);
    const entry = young ?? this.#old.get(tail);
    if (entry?.token !== token) return undefined;
    if (young === undefined) this.#put(tail, entry);
    return entry.opened;
  }

  /** Takes a token that a request brought: from its second time on. */
  add(token: string, opened: OpenedToken): void {
    // A copy: what was cut out of a Cookie header keeps all of the header in memory.
    if (this.#sawLately(token)) this.set(Buffer.from(token, "latin1").toString("latin1"), opened);
    else {
      this.#see(token);
      this.#strangers += 1;
    }
  }

  /**
   * Takes a token that was made here, and will come back.
   * @param replaced the one that its client had before, and now forgets
   */
  set(token: string, opened: OpenedToken, replaced?: string): void {
    // Else writes would fill the cache with what nobody asks for, for the collector to move about.
    if (replaced !== undefined) this.#drop(replaced);
    this.#put(token.slice(-TAIL), { token, opened });
  }

  #drop(token: string): void {
    const tail = token.slice(-TAIL);
    const entry = this.#young.get(tail);
    if (entry?.token !== token) return;
    this.#young.delete(tail);
    this.#size -= sizeOf(entry);
  }

  #put(tail: string, entry: Entry): void {
    this.#see(entry.token);
    this.#size += sizeOf(entry);
    this.#young.set(tail, entry);
  }

  #see(token: string): void {
    if (this.#size >= GENERATION || this.#strangers >= STRANGERS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#seenBefore = this.#seen;
      this.#seen = new Uint8Array(SEEN_BYTES);
      this.#size = this.#strangers = 0;
    }
    const hash = hashOf(token);
    this.#seen[hash >> 3] = (this.#seen[hash >> 3] ?? 0) | (1 << (hash & 7));
  }

  /** Whether it was seen in this generation or the last. Another token may pass for it. */
  #sawLately(token: string): boolean {
    const hash = hashOf(token);
    const bits = (this.#seen[hash >> 3] ?? 0) | (this.#seenBefore[hash >> 3] ?? 0);
    return (bits & (1 << (hash & 7))) !== 0;
  }
}

function sizeOf({ token, opened }: Entry): number {
  return OVERHEAD + token.length + opened.json.length;
}

/** A number of 18 bits, of characters that carry nothing but bits of the MAC. */
function hashOf(token: string): number {
  let hash = 0;
  for (let at = token.length - 5; at < token.length - 1; at += 1) {
    hash = (hash * 33) ^ token.charCodeAt(at);
  }
  return hash & 0x3_ffff;
}
