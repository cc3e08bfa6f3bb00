import { Buffer } from "node:buffer";

/**
 * Decodes base64url (RFC 4648 §5), only in its canonical form: no padding, no other characters, no
 * unused bits set. So every byte string has exactly one encoding, and a change to a token always
 * changes its bytes.
 *
 * @returns the bytes, or `undefined` if the text is not canonical
 */
export function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  // Decoding is lenient, encoding is not: only the canonical text survives the round trip.
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** Encodes bytes as base64url (RFC 4648 §5) without padding. */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/**
 * Encodes `lp(x)` of the token format: the length as an unsigned 16-bit big-endian number, then the
 * bytes. Because the length comes first, `("ab", "c")` and `("a", "bc")` never give the same bytes.
 *
 * @throws RangeError for more than 65,535 bytes
 */
export function lengthPrefixed(part: string | Uint8Array): Buffer {
  const bytes = typeof part === "string" ? Buffer.from(part) : part;
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}
