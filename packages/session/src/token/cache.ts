import { Buffer } from "node:buffer";
import type { OpenedToken } from "./token.ts";

/**
 * The cache has two maps. When the newer one has about this many bytes, the older one is dropped.
 * This is enough for the tokens and data of 10,000 users, at up to 600 bytes each. At half this
 * size, random reads by 10,000 users kept copying a third of the tokens between the maps.
 */
const GENERATION = 8 * 1024 * 1024;
/**
 * The older of the cache's two maps is also dropped after this many tokens that were seen only
 * once. Without this limit a flood of new visitors would keep old tokens forever.
 */
const STRANGERS = 8192;
/** Estimated bytes of memory that a cached token needs in addition to its text. */
const OVERHEAD = 256;

interface Entry {
  readonly token: string;
  readonly opened: OpenedToken;
}

/** The cached value of a token that was seen only once. The token itself is not kept. */
const SEEN = null;

type Generation = Map<number, Entry | typeof SEEN>;

/**
 * Remembers verified tokens, so that their MAC need not be computed again. The caller still checks
 * times and revocation every time, and each request parses or copies its own data.
 *
 * The key of a token in the cache is a number made of the token's last characters, because hashing
 * the whole token costs as much as parsing it. A cached token is used only if the whole token is
 * equal. Comparing two tokens takes longer the more characters are equal. That does not help an
 * attacker: a token is compared only if its end, a part of the MAC, is right. Two tokens rarely
 * have the same key; the cache then keeps the newer token.
 *
 * The cache has two maps, to bound its memory. When the newer map has reached a number of bytes,
 * the older one is dropped, with all tokens that were not used meanwhile. The newer map then
 * becomes the older one.
 *
 * A token from a request is kept when it comes a second time. Visitors who do not come back, often
 * the majority, leave only the key of their token.
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
   * Adds a token from a request. The first time, only the token's key is kept: a number made of its
   * last characters. The second time, the token and its content are kept.
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

/**
 * Makes the key under which the cache keeps a token: a number of 32 bits from the token's last six
 * characters, which belong to the MAC.
 */
function keyOf(token: string): number {
  let key = 0;
  for (let at = token.length - 6; at < token.length; at += 1) {
    key = (key << 5) ^ token.charCodeAt(at);
  }
  return key;
}
