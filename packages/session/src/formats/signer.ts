import type { Buffer } from "node:buffer";
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";

/** The digests that the frameworks offer for their signatures; SHA-1 is what they begin with. */
export const DIGESTS = ["sha1", "sha256", "sha384", "sha512"] as const;
/** One of {@link DIGESTS}. */
export type Digest = (typeof DIGESTS)[number];

/** Signs with the first of its keys and verifies with all of them. */
export interface Signer {
  /** The HMAC (RFC 2104) of a text under the first key. */
  sign(text: string): Buffer;
  /** Which key made this HMAC; -1 where none did. */
  verify(text: string, mac: Buffer): number;
}

/** A signer over keys that are kept as `KeyObject`s, which are not copied and checked per call. */
export function createSigner(digest: Digest, keys: readonly Uint8Array[]): Signer {
  const objects = keys.map((key) => createSecretKey(key));
  const hmac = (key: KeyObject, text: string) => createHmac(digest, key).update(text).digest();
  const [first] = objects;
  if (first === undefined) throw new RangeError("A signer has at least one key.");
  return {
    sign: (text) => hmac(first, text),
    verify: (text, mac) => objects.findIndex((key) => equal(hmac(key, text), mac)),
  };
}

/** Whether two byte strings are equal, in a time that tells nothing of where they differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
