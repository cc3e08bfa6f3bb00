import { Buffer } from "node:buffer";
import * as crypto from "node:crypto";

/** Bytes that a {@link Mac} needs before the message: one block of SHA-256. */
export const HEADROOM = 64;
/** Bytes of an HMAC-SHA-256. */
export const MAC_BYTES = 32;

/**
 * Computes HMAC-SHA-256 under one key.
 * @param padded the message after {@link HEADROOM} bytes, which are overwritten; this saves a copy
 * @returns the MAC, valid until the next call
 */
export type Mac = (padded: Buffer) => Buffer;

/** Makes an HMAC (RFC 2104) with a key of 32 bytes from two one-shot hashes over prepared pads. */
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

/** Makes an HMAC from the platform's `createHmac`. */
export function plainMac(key: Buffer): Mac {
  const object = crypto.createSecretKey(key);
  return (padded) => crypto.createHmac("sha256", object).update(padded.subarray(HEADROOM)).digest();
}

/**
 * Makes an HMAC-SHA-256 with a key of 32 bytes.
 *
 * Two one-shot calls of `crypto.hash` take half the time of one `createHmac`. Runtimes without
 * `crypto.hash` use `createHmac`.
 */
export const createMac = typeof crypto.hash === "function" ? paddedMac : plainMac;
