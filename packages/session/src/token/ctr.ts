import { Buffer } from "node:buffer";
import { createCipheriv, type Cipher } from "node:crypto";

/** Bytes of a token's nonce. The other four bytes of a counter block count from 0. */
export const NONCE_BYTES = 12;

const BLOCK_BYTES = 16;
/** The blocks that one call encrypts: as many as a cookie has. */
const BATCH = 256;

/** Encrypts counter blocks under one key. It has no state, so one serves all tokens of its key. */
export type BlockCipher = Cipher;

// One buffer of counter blocks serves all keys, as no two uses overlap. The views are kept, because
// making one takes as long as filling it.
const blocks = Buffer.alloc(BATCH * BLOCK_BYTES);
const numbers = new DataView(blocks.buffer, blocks.byteOffset);
const views: Buffer[] = [];

/** Makes the block cipher AES-256 of a key of 32 bytes. */
export function createBlockCipher(key: Uint8Array): BlockCipher {
  return createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
}

/**
 * Encrypts or decrypts bytes in place with AES-256-CTR (NIST SP 800-38A, 6.5), 32 bits of which
 * count.
 *
 * The mode is defined as the block cipher over counter blocks, XORed to the text. `createCipheriv`
 * has it as "aes-256-ctr", but needs an object for each token. Such an object, its finalizer and
 * its memory outside the heap cost four times as much as all the rest.
 * @param nonce twelve bytes, never used twice with one key
 */
export function applyCtr(
  cipher: BlockCipher,
  nonce: Buffer,
  target: Buffer,
  start: number,
  end: number,
): void {
  const first = nonce.readUInt32BE(0);
  const second = nonce.readUInt32BE(4);
  const third = nonce.readUInt32BE(8);
  let at = start;
  for (let counter = 0; at < end;) {
    const count = Math.min(BATCH, Math.ceil((end - at) / BLOCK_BYTES));
    const size = count * BLOCK_BYTES;
    for (let block = 0; block < size; block += BLOCK_BYTES) {
      numbers.setUint32(block, first);
      numbers.setUint32(block + 4, second);
      numbers.setUint32(block + 8, third);
      numbers.setUint32(block + NONCE_BYTES, counter);
      counter += 1;
    }
    const keystream = cipher.update((views[count] ??= blocks.subarray(0, size)));
    const until = Math.min(end, at + size);
    for (let i = 0; at < until; i += 1, at += 1) target[at]! ^= keystream[i]!;
  }
}
