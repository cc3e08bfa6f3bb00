import { Buffer } from "node:buffer";
import type { OpenedToken } from "./token.ts";

/**
 * Approximate bytes in one generation: enough for the tokens and data of 10,000 users, at up to 600
 * bytes each. At half this size, random reads by 10,000 users kept copying a third of the entries
 * between generations.
 */
const GENERATION = 8 * 1024 * 1024;
/**
 * A generation also ends after this many tokens were seen once. Without this limit a flood of new
 * visitors would keep old tokens forever.
 */
const STRANGERS = 8192;
const SEEN_BYTES = 0x8000;
/** Bytes of an entry in addition to its text. */
const OVERHEAD = 256;
/** Characters at the end of a token that serve as its key: at least 68 bits of its MAC. */
const TAIL = 12;

interface Entry {
  readonly token: string;
  readonly opened: OpenedToken;
}

/**
 * Remembers verified tokens, so that their MAC need not be computed again. The caller still checks
 * times and revocation every time, and each request parses or copies its own data.
 *
 * A token is found by its end, because hashing all of it costs as much as parsing it. An entry
 * matches only if the whole token is equal. The comparison takes longer the more characters are
 * equal. That does not help an attacker: only a token with the right end of the MAC is compared at
 * all.
 *
 * Two generations bound the memory. They count bytes, since tokens may be large. When the young
 * generation is full it becomes the old one, and entries that were not used since are dropped.
 *
 * A token from a request is kept when it comes a second time. Visitors who do not come back, often
 * the majority, cost one bit each.
 */
export class TokenCache {
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #size = 0;
  #strangers = 0;
  /** One bit for each token seen in either generation, at the hash of its end. */
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

  /** Adds a token from a request, if an earlier request had it too. */
  add(token: string, opened: OpenedToken): void {
    // A copy: a substring of the Cookie header would keep the whole header in memory.
    if (this.#sawLately(token)) this.set(Buffer.from(token, "latin1").toString("latin1"), opened);
    else {
      this.#see(token);
      this.#strangers += 1;
    }
  }

  /**
   * Adds a token that this process issued.
   * @param replaced the client's previous token, which is dropped
   */
  set(token: string, opened: OpenedToken, replaced?: string): void {
    // Without this, each write would leave a token in the cache that no request uses again.
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

  /**
   * True if the token was seen in this generation or the last. A hash collision also gives true.
   */
  #sawLately(token: string): boolean {
    const hash = hashOf(token);
    const bits = (this.#seen[hash >> 3] ?? 0) | (this.#seenBefore[hash >> 3] ?? 0);
    return (bits & (1 << (hash & 7))) !== 0;
  }
}

function sizeOf({ token, opened }: Entry): number {
  return OVERHEAD + token.length + opened.json.length;
}

/** Makes an 18-bit number from characters that hold only bits of the MAC. */
function hashOf(token: string): number {
  let hash = 0;
  for (let at = token.length - 5; at < token.length - 1; at += 1) {
    hash = (hash * 33) ^ token.charCodeAt(at);
  }
  return hash & 0x3_ffff;
}
