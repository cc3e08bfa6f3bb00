import { createHash } from "node:crypto";

/** The first 16 characters of a text's SHA-256, as base64url: 96 bits. */
export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
