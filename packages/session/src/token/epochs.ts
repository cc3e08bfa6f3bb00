import { Buffer } from "node:buffer";
import { createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import { createMac, HEADROOM, MAC_BYTES, type Mac } from "./mac.ts";
import { takeRandom } from "./random.ts";

/** Bytes of an epoch's salt. */
export const SALT_BYTES = 12;
/** Bytes of the commitment to an epoch's key. */
export const COMMITMENT_BYTES = 16;

/** After this many milliseconds, tokens are encrypted with a new key. */
const EPOCH_MS = 3_600_000;
/** After this many tokens, a new key is used. docs/token.md explains how many AES-GCM allows. */
const EPOCH_TOKENS = 2 ** 24;
/** The number of keys in one generation of the cache for reading. */
const GENERATION = 512;

/** The key that encrypts the tokens of one process for up to an hour. */
export interface Epoch {
  readonly salt: Uint8Array;
  readonly key: KeyObject;
  /**
   * Stored in every token of the epoch. Each key has another value, so a token opens with one key
   * only.
   */
  readonly commitment: Buffer;
}

/**
 * Makes the AES keys of one secret and one use, each from the salt in its tokens.
 *
 * An unknown salt costs four hashes. The cache keeps a key only after a token was opened with it,
 * so made-up salts neither fill it nor displace real keys.
 */
export class Epochs {
  readonly #mac: Mac;
  /** headroom of a MAC | T(1) of HKDF | info, which ends with the salt | counter */
  readonly #input: Buffer;
  #young = new Map<string, Epoch>();
  #old = new Map<string, Epoch>();
  #current: Epoch | undefined;
  #startedAt = 0;
  #tokens = 0;

  /**
   * @param extracted the pseudorandom key of HKDF (RFC 5869): HMAC of the secret with an empty salt
   * @param about the `info` of HKDF, with room for a salt at its end
   */
  constructor(extracted: Buffer, about: Buffer) {
    this.#mac = createMac(extracted);
    this.#input = Buffer.concat([Buffer.alloc(HEADROOM + MAC_BYTES), about, Buffer.alloc(1)]);
  }

  /** Counts one more token and returns the epoch that encrypts it. */
  current(now = Date.now()): Epoch {
    const age = now - this.#startedAt;
    // The age is negative after the clock was set back.
    const isOver = age < 0 || age >= EPOCH_MS || this.#tokens >= EPOCH_TOKENS;
    if (this.#current === undefined || isOver) {
      const salt = takeRandom(SALT_BYTES);
      this.#current = this.derive(salt);
      this.keep(salt.toString("base64url"), this.#current);
      this.#startedAt = now;
      this.#tokens = 0;
    }
    this.#tokens += 1;
    return this.#current;
  }

  /**
   * Finds the epoch of a token, or derives it.
   * @param name the salt in base64url
   * @returns `undefined` if the token has another commitment
   */
  find(name: string, salt: Uint8Array, commitment: Uint8Array): Epoch | undefined {
    const known = this.#young.get(name) ?? this.#old.get(name);
    // The key object is made after the comparison, because it costs more than the derivation.
    const expected = known?.commitment ?? this.#expand(salt);
    if (!timingSafeEqual(expected, commitment)) return undefined;
    return known ?? this.derive(salt);
  }

  /** Caches an epoch. Call it for a token's salt only after that token was opened. */
  keep(name: string, epoch: Epoch): void {
    if (this.#young.get(name) === epoch) return;
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    // A copy: a substring would keep the whole token in memory.
    this.#young.set(Buffer.from(name, "latin1").toString("latin1"), epoch);
  }

  /** The number of keys in the cache. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Derives the epoch of a salt: a key of 32 bytes, then a commitment of 16. */
  derive(salt: Uint8Array): Epoch {
    const commitment = Buffer.from(this.#expand(salt));
    const first = this.#input.subarray(HEADROOM, HEADROOM + MAC_BYTES);
    return { salt: Buffer.from(salt), key: createSecretKey(first), commitment };
  }

  /**
   * Computes the second step of HKDF (RFC 5869, section 2.3) for 48 bytes. `hkdfSync` repeats the
   * first step on each call and takes eight times as long.
   * @returns the commitment, valid until the next call; the key is T(1) in `#input`
   */
  #expand(salt: Uint8Array): Buffer {
    const input = this.#input;
    input.set(salt, input.length - 1 - SALT_BYTES);
    input[input.length - 1] = 1;
    // The message of T(1) begins at the info. Its result then replaces the headroom in front.
    input.set(this.#mac(input.subarray(MAC_BYTES)), HEADROOM);
    input[input.length - 1] = 2;
    return this.#mac(input).subarray(0, COMMITMENT_BYTES);
  }
}
