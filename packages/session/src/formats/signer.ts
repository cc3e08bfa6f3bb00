import type { Buffer } from "node:buffer";
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";

/**
 * The hash algorithms that other frameworks offer for their signatures. Most of these frameworks
 * use SHA-1 by default.
 */
export const DIGESTS = ["sha1", "sha256", "sha384", "sha512"] as const;
/** The name of a hash algorithm, one of {@link DIGESTS}. */
export type Digest = (typeof DIGESTS)[number];

/** Signs with the first of its keys and verifies with all of them. */
export interface Signer {
  /** The HMAC (RFC 2104) of a text under the first key. */
  sign(text: string): Buffer;
  /** Returns the index of the key that made this HMAC, or -1. */
  verify(text: string, mac: Buffer): number;
}

/**
 * Makes a signer that signs texts and verifies signatures. Its keys are stored as `KeyObject`s, so
 * that they are not copied and checked on each call.
 */
export function createSigner(digest: Digest, keys: readonly Uint8Array[]): Signer {
  const objects = keys.map((key) => createSecretKey(key));
  const hmac = (key: KeyObject, text: string) => createHmac(digest, key).update(text).digest();
  const [first] = objects;
  if (first === undefined) throw new RangeError("A signer needs at least one key.");
  return {
    sign: (text) => hmac(first, text),
    verify: (text, mac) => objects.findIndex((key) => equal(hmac(key, text), mac)),
  };
}

/** Compares two byte strings in constant time. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
