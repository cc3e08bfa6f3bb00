import { Buffer } from "node:buffer";
import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { fromBase64url, lengthPrefixed, toBase64url } from "../encoding.ts";

const RANDOM_BYTES = 16;
// 16 random bytes and a MAC of 32 bytes are exactly 64 characters of base64url.
const TOKEN_LENGTH = 64;

/** A key for CSRF tokens: `HKDF-SHA-256(secret, "", info("csrf", cookieName), 32)`. */
export type CsrfKey = KeyObject | Uint8Array;

/**
 * Makes a CSRF token (token format v1). It is base64url of `r | HMAC-SHA-256(key, lp(sid) | lp(r) |
 * lp(scope))`, with 16 random bytes `r`; `lp` puts the length in front. Each call returns a
 * different text, so that compression of the response does not reveal the token (BREACH). The token
 * is valid as long as the session has this id.
 *
 * @param key the first key of the ring, which signs
 * @param sid the session's id
 * @param scope what the token is for, `""` for everything; at most 65,535 bytes
 * @param random 16 bytes; only tests pass them
 * @throws RangeError if `scope` is longer or `random` has another length
 *
 * @example
 * ```ts
 * const token = makeCsrfToken(key, sid, "delete-account"); // 64 characters
 * ```
 */
export function makeCsrfToken(
  key: CsrfKey,
  sid: Uint8Array,
  scope: string,
  random: Uint8Array = randomBytes(RANDOM_BYTES),
): string {
  if (random.length !== RANDOM_BYTES) throw new RangeError("A CSRF token needs 16 random bytes.");
  return toBase64url(Buffer.concat([random, mac(key, sid, random, scope)]));
}

/**
 * Verifies a CSRF token, in constant time for each key.
 *
 * @param keys all accepted keys, as in `secretKey: [new, old]`
 * @param sid the id of the request's session
 * @param token as the client sent it; only a canonical token is accepted
 * @param scope the purpose for which the token was made
 * @returns true if one of the keys made this token for this session and scope
 * @throws RangeError if `scope` is longer than 65,535 bytes
 */
export function verifyCsrfToken(
  keys: readonly CsrfKey[],
  sid: Uint8Array,
  token: unknown,
  scope: string,
): boolean {
  const bytes =
    typeof token === "string" && token.length === TOKEN_LENGTH ? fromBase64url(token) : undefined;
  if (bytes === undefined) return false;
  const random = bytes.subarray(0, RANDOM_BYTES);
  const given = bytes.subarray(RANDOM_BYTES);
  return keys.some((key) => timingSafeEqual(given, mac(key, sid, random, scope)));
}

function mac(key: CsrfKey, sid: Uint8Array, random: Uint8Array, scope: string): Buffer {
  return createHmac("sha256", key)
    .update(lengthPrefixed(sid))
    .update(lengthPrefixed(random))
    .update(lengthPrefixed(scope))
    .digest();
}
