import type { Buffer } from "node:buffer";
import { createDecipheriv, timingSafeEqual } from "node:crypto";
import { HEADER_BYTES } from "./header.ts";
import { derive, info, type Key, type TokenUse } from "./keys.ts";

const SALT_BYTES = 24;
const COMMITMENT_BYTES = 16;
const TAG_BYTES = 16;
const COMMITMENT = HEADER_BYTES + SALT_BYTES;
const SEALED = COMMITMENT + COMMITMENT_BYTES;
const LABELS = { session: "enc", ticket: "ticket" } as const;

/**
 * Verifies and decrypts an encrypted token of the previous kind (`E`). Each token has its own key,
 * for AES-256-GCM.
 * @param token the decoded bytes
 * @returns the content, or the reason why the token is rejected
 */
export function openPrevious(
  { secret }: Key,
  cookieName: string,
  use: TokenUse,
  token: Buffer,
): Buffer | "mac" | "decryption" {
  const salt = token.subarray(HEADER_BYTES, COMMITMENT);
  const derived = derive(secret, salt, info(LABELS[use], cookieName), 60);
  if (!timingSafeEqual(derived.subarray(44), token.subarray(COMMITMENT, SEALED))) return "mac";
  const [key, nonce] = [derived.subarray(0, 32), derived.subarray(32, 44)];
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, options);
  const tag = token.length - TAG_BYTES;
  decipher.setAAD(token.subarray(0, SEALED));
  decipher.setAuthTag(token.subarray(tag));
  const content = decipher.update(token.subarray(SEALED, tag));
  try {
    decipher.final();
  } catch {
    return "decryption";
  }
  return content;
}
