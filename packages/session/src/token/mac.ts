import { Buffer } from "node:buffer";
import * as crypto from "node:crypto";

/** Bytes that a {@link Mac} wants in front of the message: a block of SHA-256. */
export const HEADROOM = 64;
/** Bytes of an HMAC-SHA-256. */
export const MAC_BYTES = 32;

/**
 * Computes HMAC-SHA-256 under one key.
 * @param padded the message behind a headroom that is overwritten, so that it need not be copied
 * @returns the MAC, good until the next call
 */
export type Mac = (padded: Buffer) => Buffer;

/** HMAC (RFC 2104) under a key of 32 bytes, as two one-shot hashes over prepared pads. */
export function paddedMac(key: Buffer): Mac {
  const pad = (byte: number) => Buffer.alloc(HEADROOM, byte).map((each, i) => each ^ (key[i] ?? 0));
  const inner = pad(0x36);
  const outer = Buffer.concat([pad(0x5c)], HEADROOM + MAC_BYTES);
  const result = Buffer.alloc(MAC_BYTES);
  return (padded) => {
    padded.set(inner);
    // "binary" (latin1) maps each byte to one character and back; taking the digest as a string
    // and writing it costs half of what a new Buffer does.
    outer.write(crypto.hash("sha256", padded, "binary"), HEADROOM, "latin1");
    result.write(crypto.hash("sha256", outer, "binary"), "latin1");
    return result;
  };
}

/** HMAC as the platform has it. */
export function plainMac(key: Buffer): Mac {
  const object = crypto.createSecretKey(key);
  return (padded) => crypto.createHmac("sha256", object).update(padded.subarray(HEADROOM)).digest();
}

/**
 * HMAC-SHA-256 under a key of 32 bytes.
 *
 * A one-shot `crypto.hash` is so much cheaper than `createHmac` that two of them take half its
 * time. Some runtimes lack it; there `createHmac` serves.
 */
export const createMac = typeof crypto.hash === "function" ? paddedMac : plainMac;
