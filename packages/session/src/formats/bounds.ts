import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import type { FormatReading, RejectReason } from "../session/format.ts";

/**
 * Characters of a cookie's value. Browsers keep 4096 of name and value together; other clients may
 * keep more, so twice that is read, and anything longer is refused before a byte of it is looked at.
 */
export const MAX_COOKIE_CHARS = 8192;

/** Bytes of JSON. Also what zlib may unpack to: 4 kB of cookie could otherwise become 4 MB. */
export const MAX_JSON_BYTES = 65_536;

/** Objects and arrays inside each other: the session itself and 64 levels in it, as the engine has. */
export const MAX_DEPTH = 65;

/** A refusal, as a step of a reading or as its outcome. */
export type Rejection = Extract<FormatReading, { ok: false }>;

/** Makes a refusal. */
export const reject = (reason: RejectReason): Rejection => ({ ok: false, reason });

/** Unpacks zlib data, but never to more than {@link MAX_JSON_BYTES}. */
export function inflate(packed: Uint8Array): Buffer | Rejection {
  try {
    return inflateSync(packed, { maxOutputLength: MAX_JSON_BYTES });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return reject(code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "payload");
  }
}

// ignoreBOM keeps a byte order mark in the text, where it is refused: JSON does not begin with one.
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes; `undefined` where they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Decodes base64 (RFC 4648 §4) with its padding, and only the canonical form.
 * @returns `undefined` where the text is not canonical
 */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
