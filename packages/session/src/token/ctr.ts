import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";
import { writeRandom } from "./random.ts";

/** Bytes of a token's nonce. The other four bytes of a counter block (of 16 bytes) count from 0. */
export const NONCE_BYTES = 12;

const BLOCK_BYTES = 16;
/**
 * The most AES blocks in one call of the cipher: 256 blocks of 16 bytes are 4096 bytes, the size
 * limit of a cookie.
 */
const BATCH = 256;

/**
 * A cipher that encrypts counter blocks under one key. It has no state, so one object serves all
 * tokens of that key. The type is inferred, because the name of the class differs between versions
 * of Node's types.
 */
export type BlockCipher = ReturnType<typeof createCipheriv>;

// One buffer of counter blocks serves all keys, as no two uses overlap. The views are kept, because
// making one takes as long as filling it.
const blocks = Buffer.alloc(BATCH * BLOCK_BYTES);
const numbers = new DataView(blocks.buffer, blocks.byteOffset);
const views: Buffer[] = [];

/** Makes the AES-256 block cipher for a key of 32 bytes. */
export function createBlockCipher(key: Uint8Array): BlockCipher {
  return createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
}

/**
 * Encrypts or decrypts bytes in place with AES-256-CTR (NIST SP 800-38A, 6.5), with a counter of 32
 * bits.
 *
 * CTR mode encrypts counter blocks with the block cipher, and XORs the result with the text.
 * `createCipheriv("aes-256-ctr")` does this too, but needs a new object for each token. The object,
 * its finalizer and its memory outside the heap cost four times as much as all other work.
 * @param nonceAt the offset in `target` of twelve bytes that are never used twice with one key
 */
export function applyCtr(
  cipher: BlockCipher,
  target: Buffer,
  nonceAt: number,
  start: number,
  end: number,
): void {
  let at = start;
  for (let counter = 0; at < end; counter += BATCH) {
    const count = Math.min(BATCH, Math.ceil((end - at) / BLOCK_BYTES));
    fillBlocks(target, nonceAt, 0, count, counter);
    const until = Math.min(end, at + count * BLOCK_BYTES);
    xor(target, at, until, encryptBlocks(cipher, count), 0);
    at = until;
  }
}

/**
 * Fills the shared buffer with counter blocks, beginning at block number `first` of the buffer.
 *
 * @param counter the counter in the first of these blocks
 */
function fillBlocks(
  source: Buffer,
  nonceAt: number,
  first: number,
  count: number,
  counter: number,
): void {
  const one = source.readUInt32BE(nonceAt);
  const two = source.readUInt32BE(nonceAt + 4);
  const three = source.readUInt32BE(nonceAt + 8);
  for (let i = 0; i < count; i += 1) {
    const at = (first + i) * BLOCK_BYTES;
    numbers.setUint32(at, one);
    numbers.setUint32(at + 4, two);
    numbers.setUint32(at + 8, three);
    numbers.setUint32(at + NONCE_BYTES, counter + i);
  }
}

function encryptBlocks(cipher: BlockCipher, count: number): Buffer {
  return cipher.update((views[count] ??= blocks.subarray(0, count * BLOCK_BYTES)));
}

function xor(target: Buffer, start: number, end: number, keystream: Buffer, from: number): void {
  for (let at = start, i = from; at < end; at += 1, i += 1) target[at]! ^= keystream[i]!;
}

/** How many keystreams, each for one token, are made together. */
const READY = 16;
/** How many bytes each keystream has. */
const READY_BYTES = (BATCH / READY) * BLOCK_BYTES;

/**
 * Encrypts tokens under one key. It makes the keystreams of 16 tokens together, because a call of
 * the block cipher costs as much for 256 blocks as for one.
 */
export class Encrypter {
  readonly #cipher: BlockCipher;
  readonly #nonces = Buffer.alloc(READY * NONCE_BYTES);
  #keystreams: Buffer = Buffer.alloc(0);
  #used = READY;

  constructor(cipher: BlockCipher) {
    this.#cipher = cipher;
  }

  /** Encrypts the bytes from `start` to `end` in place. Writes the new nonce at `nonceAt`. */
  encrypt(target: Buffer, nonceAt: number, start: number, end: number): void {
    if (this.#used === READY) this.#refill();
    const number = this.#used;
    this.#used += 1;
    const nonce = number * NONCE_BYTES;
    this.#nonces.copy(target, nonceAt, nonce, nonce + NONCE_BYTES);
    // The keystream that is ready is too short for a long token, so the whole keystream is computed
    // again.
    if (end - start > READY_BYTES) applyCtr(this.#cipher, target, nonceAt, start, end);
    else xor(target, start, end, this.#keystreams, number * READY_BYTES);
  }

  #refill(): void {
    writeRandom(this.#nonces, 0, this.#nonces.length);
    const each = BATCH / READY;
    for (let i = 0; i < READY; i += 1) fillBlocks(this.#nonces, i * NONCE_BYTES, i * each, each, 0);
    this.#keystreams = encryptBlocks(this.#cipher, BATCH);
    this.#used = 0;
  }
}
