import { Buffer } from "node:buffer";
import * as crypto from "node:crypto";

/** How many free bytes a {@link Mac} needs before the message: one block of SHA-256. */
export const HEADROOM = 64;
/** Bytes of an HMAC-SHA-256. */
export const MAC_BYTES = 32;

/**
 * Computes HMAC-SHA-256 under one key.
 * @param padded {@link HEADROOM} free bytes, then the message. The free bytes are overwritten,
 *   which saves a copy of the message
 * @returns the MAC, valid until the next call
 */
export type Mac = (padded: Buffer) => Buffer;

/**
 * Makes a function that computes HMAC-SHA-256 (RFC 2104) with two calls of `crypto.hash`. The
 * padded key, which both calls need, is prepared once.
 *
 * @param key 32 bytes
 */
export function paddedMac(key: Buffer): Mac {
  const pad = (byte: number) => Buffer.alloc(HEADROOM, byte).map((each, i) => each ^ (key[i] ?? 0));
  const inner = pad(0x36);
  const outer = Buffer.concat([pad(0x5c)], HEADROOM + MAC_BYTES);
  const result = Buffer.alloc(MAC_BYTES);
  return (padded) => {
    padded.set(inner);
    // "binary" (latin1) maps each byte to one character and back. Writing the digest as a string
    // costs half as much as making a Buffer of it.
    outer.write(crypto.hash("sha256", padded, "binary"), HEADROOM, "latin1");
    result.write(crypto.hash("sha256", outer, "binary"), "latin1");
    return result;
  };
}

/** Makes a function that computes HMAC-SHA-256 with `createHmac`. */
export function plainMac(key: Buffer): Mac {
  const object = crypto.createSecretKey(key);
  return (padded) => crypto.createHmac("sha256", object).update(padded.subarray(HEADROOM)).digest();
}

/**
 * Makes a function that computes HMAC-SHA-256 with a key of 32 bytes.
 *
 * Two calls of `crypto.hash` take half the time of one `createHmac`. Runtimes without `crypto.hash`
 * use `createHmac`.
 */
export const createMac = typeof crypto.hash === "function" ? paddedMac : plainMac;
