import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { fromBase64url, lengthPrefixed, toBase64url } from "../encoding.ts";
import type { KeyRing } from "../token/keys.ts";

// A label is base64url of `head | HMAC-SHA-256(csrf key, lp(use) | lp(head) | lp(part)...)`, where
// `head` is `expiresAt u32be | 16 random bytes`; `lp` puts the length in front. The csrf key also
// signs CSRF tokens and receipts. They can never pass as labels or as each other, because the first
// thing that is signed differs: a `use`, the 16 bytes of a session id, or "ticket-receipt". No
// `use` has 16 bytes.
const TIME_BYTES = 4;
const RANDOM_BYTES = 16;
const MAC_BYTES = 32;
const LENGTH = TIME_BYTES + RANDOM_BYTES + MAC_BYTES;

/**
 * The purpose of a label, which is a signed text that expires. A label for one purpose is never
 * accepted for another.
 */
export type LabelUse = "device-register" | "device-refresh" | "device-cookie";

/**
 * Makes a label: a signed text for the given purpose and parts, such as a session id, that expires.
 *
 * @param parts what the label is valid for; the label does not contain the parts, so the verifier
 *   must know them
 * @param expiresAt seconds since 1970
 * @returns 70 characters of base64url
 */
export function makeLabel(
  ring: KeyRing,
  use: LabelUse,
  expiresAt: number,
  parts: readonly string[],
): string {
  const head = Buffer.concat([Buffer.alloc(TIME_BYTES), randomBytes(RANDOM_BYTES)]);
  head.writeUInt32BE(expiresAt);
  return toBase64url(Buffer.concat([head, sign(ring.newest.csrf, use, head, parts)]));
}

/**
 * Verifies a label (a signed text that expires), in constant time for each key.
 *
 * @param now seconds since 1970
 * @returns "good"; "late" for an expired label; "foreign" for a label with another purpose, other
 *   parts or a wrong signature
 */
export function checkLabel(
  ring: KeyRing,
  use: LabelUse,
  label: string,
  parts: readonly string[],
  now: number,
): "good" | "late" | "foreign" {
  const bytes = label.length <= 2 * LENGTH ? fromBase64url(label) : undefined;
  if (bytes?.length !== LENGTH) return "foreign";
  const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES);
  const mac = bytes.subarray(TIME_BYTES + RANDOM_BYTES);
  const isOurs = ring.keys.some(({ csrf }) => timingSafeEqual(mac, sign(csrf, use, head, parts)));
  if (!isOurs) return "foreign";
  return now < expiryOfLabel(bytes) ? "good" : "late";
}

/** Returns when a label (a signed text) expires, in seconds since 1970. Verify the label first. */
export function labelExpiry(label: string): number {
  return expiryOfLabel(fromBase64url(label) ?? Buffer.alloc(TIME_BYTES));
}

function expiryOfLabel(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, TIME_BYTES).readUInt32BE();
}

function sign(
  key: Parameters<typeof createHmac>[1],
  use: LabelUse,
  head: Uint8Array,
  parts: readonly string[],
): Buffer {
  const hmac = createHmac("sha256", key).update(lengthPrefixed(use)).update(lengthPrefixed(head));
  for (const part of parts) hmac.update(lengthPrefixed(part));
  return hmac.digest();
}
