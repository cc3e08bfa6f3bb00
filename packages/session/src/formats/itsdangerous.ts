import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { fromBase64url, toBase64url } from "../encoding.ts";
import type { Digest, Signer } from "./signer.ts";
import type { TimedOptions } from "./timed.ts";

/**
 * Derives a key as "django-concat" of itsdangerous does: SHA-1(salt, "signer", key). This is the
 * default of itsdangerous, and Starlette uses it.
 */
export function concatKey(secret: string, salt: string): Buffer {
  return createHash("sha1").update(`${salt}signer${secret}`, "utf8").digest();
}

/** Derives a key as "hmac" of itsdangerous does: HMAC(key, salt). Flask uses it. */
export function hmacKey(secret: string, salt: string, digest: Digest): Buffer {
  return createHmac(digest, secret).update(salt, "utf8").digest();
}

/**
 * Returns the settings for reading and writing a text of itsdangerous' TimestampSigner:
 * `value.time.signature`, with the time as big-endian bytes in base64url.
 */
export function timestampSigner(signer: Signer): TimedOptions {
  return { signer, separator: ".", encodeTime, decodeTime };
}

function encodeTime(seconds: number): string {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? "" : toBase64url(bytes.subarray(first));
}

/**
 * Decodes the time in a text that itsdangerous signed, in seconds since 1970. Accepts only the
 * shortest form, which is the one that itsdangerous writes.
 */
export function decodeTime(text: string): number | undefined {
  const bytes = fromBase64url(text);
  if (bytes === undefined || bytes.length < 1 || bytes.length > 6) return undefined;
  return bytes[0] === 0 ? undefined : bytes.readUIntBE(0, bytes.length);
}
