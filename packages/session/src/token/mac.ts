import { Buffer } from "node:buffer";
import * as crypto from "node:crypto";

const BLOCK = 64;
/** Bytes of an HMAC-SHA-256. */
export const MAC_BYTES = 32;

/** Computes HMAC-SHA-256 under one key. */
export interface Mac {
  /** Bytes that {@link Mac.sum} wants free in front of the message. */
  readonly headroom: number;
  /**
   * The MAC of `buffer[headroom, end)`. What stands in the headroom is overwritten, so that the
   * message need not be copied. The result is good until the next call.
   */
  sum(buffer: Buffer, end: number): Buffer;
}

/**
 * HMAC-SHA-256 (RFC 2104) under a key of 32 bytes.
 *
 * A one-shot `crypto.hash` is so much cheaper than `createHmac` that two of them over prepared
 * pads take half its time. Node before 20.12 and some runtimes lack it; there `createHmac` serves.
 */
export function createMac(key: Buffer): Mac {
  if (key.length !== 32) throw new RangeError("A MAC key has 32 bytes.");
  return typeof crypto.hash === "function" ? paddedMac(key) : plainMac(key);
}

/** HMAC as two one-shot hashes over prepared pads. */
export function paddedMac(key: Buffer): Mac {
  const pad = (byte: number) => {
    const block = Buffer.alloc(BLOCK, byte);
    for (let i = 0; i < key.length; i += 1) block[i] = (key[i] ?? 0) ^ byte;
    return block;
  };
  const inner = pad(0x36);
  const outer = Buffer.alloc(BLOCK + MAC_BYTES);
  pad(0x5c).copy(outer);
  const result = Buffer.alloc(MAC_BYTES);
  return {
    headroom: BLOCK,
    sum(buffer, end) {
      inner.copy(buffer);
      // "binary" (latin1) maps each byte to one character and back; taking the digest as a string
      // and writing it costs half of what a new Buffer does.
      outer.write(crypto.hash("sha256", buffer.subarray(0, end), "binary"), BLOCK, "latin1");
      result.write(crypto.hash("sha256", outer, "binary"), 0, "latin1");
      return result;
    },
  };
}

/** HMAC as the platform has it. */
export function plainMac(key: Buffer): Mac {
  const object = crypto.createSecretKey(key);
  return {
    headroom: BLOCK,
    sum: (buffer, end) =>
      crypto.createHmac("sha256", object).update(buffer.subarray(BLOCK, end)).digest(),
  };
}
