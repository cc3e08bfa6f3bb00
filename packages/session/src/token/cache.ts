import { Buffer } from "node:buffer";
import type { OpenedToken } from "./token.ts";

/**
 * Approximate bytes in one generation: enough for the tokens and data of 10,000 users, at up to 600
 * bytes each. At half this size, random reads by 10,000 users kept copying a third of the entries
 * between generations.
 */
const GENERATION = 8 * 1024 * 1024;
/**
 * A generation also ends after this many tokens that were seen only once. Without this limit a
 * flood of new visitors would keep old tokens forever.
 */
const STRANGERS = 8192;
/** Bytes of an entry in addition to its text. */
const OVERHEAD = 256;

interface Entry {
  readonly token: string;
  readonly opened: OpenedToken;
}

/** Stands for a token that was seen once. */
const SEEN = null;

type Generation = Map<number, Entry | typeof SEEN>;

/**
 * Remembers verified tokens, so that their MAC need not be computed again. The caller still checks
 * times and revocation every time, and each request parses or copies its own data.
 *
 * A token is found by a number made of its end, because hashing all of it costs as much as parsing
 * it. An entry matches only if the whole token is equal. The comparison takes longer the more
 * characters are equal. That does not help an attacker: only a token with the right end of the MAC
 * is compared at all. Two tokens rarely have the same number; the cache then keeps the newer one.
 *
 * Two generations bound the memory. They count bytes, since tokens may be large. When the young
 * generation is full, it becomes the old one. The old one before it is dropped, with all entries
 * that were not used during the last generation.
 *
 * A token from a request is kept when it comes a second time. Visitors who do not come back, often
 * the majority, leave only the number of their token.
 */
export class TokenCache {
  #young: Generation = new Map();
  #old: Generation = new Map();
  #size = 0;
  #strangers = 0;

  get(token: string): OpenedToken | undefined {
    const key = keyOf(token);
    const young = this.#young.get(key);
    const entry = young ?? this.#old.get(key);
    if (entry?.token !== token) return undefined;
    if (entry !== young) this.#put(key, entry);
    return entry.opened;
  }

  /**
   * Adds a token from a request. When a token comes for the first time, only its number is kept.
   */
  add(token: string, opened: OpenedToken): void {
    const key = keyOf(token);
    if (this.#young.has(key) || this.#old.has(key)) {
      // A copy: a substring of the Cookie header would keep the whole header in memory.
      this.#put(key, { token: Buffer.from(token, "latin1").toString("latin1"), opened });
      return;
    }
    this.#makeRoom();
    this.#young.set(key, SEEN);
    this.#strangers += 1;
  }

  /**
   * Adds a token that this process issued.
   * @param replaced the client's previous token, which is dropped
   */
  set(token: string, opened: OpenedToken, replaced?: string): void {
    // Without this, each write would leave a token in the cache that no request uses again.
    if (replaced !== undefined) this.#drop(replaced);
    this.#put(keyOf(token), { token, opened });
  }

  #drop(token: string): void {
    const key = keyOf(token);
    const entry = this.#young.get(key);
    if (entry?.token !== token) return;
    this.#young.delete(key);
    this.#size -= sizeOf(entry);
  }

  #put(key: number, entry: Entry): void {
    this.#makeRoom();
    this.#size += sizeOf(entry);
    this.#young.set(key, entry);
  }

  #makeRoom(): void {
    if (this.#size < GENERATION && this.#strangers < STRANGERS) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = this.#strangers = 0;
  }
}

function sizeOf({ token, opened }: Entry): number {
  return OVERHEAD + token.length + opened.json.length;
}

/** Makes a number of 32 bits from the last six characters, which belong to the MAC. */
function keyOf(token: string): number {
  let key = 0;
  for (let at = token.length - 6; at < token.length; at += 1) {
    key = (key << 5) ^ token.charCodeAt(at);
  }
  return key;
}
