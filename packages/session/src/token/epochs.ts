import { Buffer } from "node:buffer";
import { createBlockCipher, Encrypter, type BlockCipher } from "./ctr.ts";
import { takeRandom } from "./random.ts";

/** Bytes of an epoch's salt. */
export const SALT_BYTES = 12;

/** After this many milliseconds, tokens are encrypted with a new key. */
const EPOCH_MS = 3_600_000;
/** After this many tokens, a new key is used. docs/token.md explains how many AES-CTR allows. */
const EPOCH_TOKENS = 2 ** 24;
/** The most keys that a reader keeps. */
const KEPT = 1024;

/**
 * An encryption key and the salt that it is derived from. A process encrypts its tokens with one
 * key for at most an hour or 2^24 tokens, and then makes another.
 */
export interface Epoch {
  readonly salt: Buffer;
  readonly cipher: BlockCipher;
}

/** The epoch with which this process encrypts new tokens. */
interface CurrentEpoch extends Epoch {
  readonly encrypter: Encrypter;
}

/**
 * Derives the encryption keys of one secret and one {@link TokenUse}, each from the salt in its
 * tokens.
 *
 * A reader asks for a key only after it has verified the MAC, which includes the salt. So made-up
 * salts cost nothing and cannot displace a key.
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

  /** Counts one more token and returns the epoch that encrypts it. */
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
   * Finds the epoch of a verified token, or derives it.
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

  /** The number of keys that are kept. */
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
