import { Buffer } from "node:buffer";
import { createBlockCipher, Encrypter, type BlockCipher } from "./ctr.ts";
import { takeRandom } from "./random.ts";

/** Bytes of the salt that an encryption key is derived from. */
export const SALT_BYTES = 12;

/** After this many milliseconds, tokens are encrypted with a new key. */
const EPOCH_MS = 3_600_000;
/**
 * After this many tokens, a new key is used. docs/token.md explains how many tokens AES-CTR allows
 * for one key.
 */
const EPOCH_TOKENS = 2 ** 24;
/** The most encryption keys that are kept in memory for one secret and one purpose. */
const KEPT = 1024;

/**
 * An encryption key and the salt that it is derived from. A process encrypts its tokens with one
 * key for at most an hour or 2^24 tokens, and then makes another.
 */
export interface Epoch {
  readonly salt: Buffer;
  readonly cipher: BlockCipher;
}

/** The encryption key that this process uses for new tokens now. */
interface CurrentEpoch extends Epoch {
  readonly encrypter: Encrypter;
}

/**
 * Derives and keeps the encryption keys of one secret and one {@link TokenUse}. Each token contains
 * the salt that its key is derived from.
 *
 * To read a token, a key is derived only after the token's MAC, which covers the salt, was
 * verified. So a client that invents salts causes no derivation, and pushes no key out of memory.
 */
export class Epochs {
  readonly #derive: (salt: Uint8Array) => Buffer;
  readonly #kept = new Map<string, Epoch>();
  #current: CurrentEpoch | undefined;
  #startedAt = 0;
  #tokens = 0;

  /** @param deriveKey derives a key of 32 bytes from a salt; the key is overwritten after use */
  constructor(deriveKey: (salt: Uint8Array) => Buffer) {
    this.#derive = deriveKey;
  }

  /** Returns the encryption key for one more new token, and counts the token. */
  current(now = Date.now()): CurrentEpoch {
    const age = now - this.#startedAt;
    // The age is negative after the clock was set back.
    const isOver = age < 0 || age >= EPOCH_MS || this.#tokens >= EPOCH_TOKENS;
    if (this.#current === undefined || isOver) {
      const salt = takeRandom(SALT_BYTES);
      const epoch = this.find(salt.toString("base64url"), salt);
      this.#current = { ...epoch, encrypter: new Encrypter(epoch.cipher) };
      this.#startedAt = now;
      this.#tokens = 0;
    }
    this.#tokens += 1;
    return this.#current;
  }

  /**
   * Returns the encryption key of a token whose MAC was verified. Derives the key if it is not in
   * memory.
   * @param name the salt in base64url
   */
  find(name: string, salt: Uint8Array): Epoch {
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    if (this.#kept.size >= KEPT) this.#dropOldest();
    const key = this.#derive(salt);
    const epoch = { salt: Buffer.from(salt), cipher: createBlockCipher(key) };
    key.fill(0);
    // A copy: a substring would keep the whole token in memory.
    this.#kept.set(Buffer.from(name, "latin1").toString("latin1"), epoch);
    return epoch;
  }

  /** How many encryption keys are in memory. */
  get size(): number {
    return this.#kept.size;
  }

  #dropOldest(): void {
    for (const name of this.#kept.keys()) {
      this.#kept.delete(name);
      return;
    }
  }
}
