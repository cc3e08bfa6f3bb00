import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import type { FormatReading, RejectReason } from "../session/format.ts";

/**
 * The most characters that a format reads of a cookie's value. Browsers keep 4096 characters of
 * name and value together; other clients may keep more. Longer values are rejected before they are
 * parsed.
 */
export const MAX_COOKIE_CHARS = 8192;

/** The most bytes of JSON, also after decompression: otherwise 4 kB of cookie could become 4 MB. */
export const MAX_JSON_BYTES = 65_536;

/**
 * The deepest nesting of objects and arrays: the session and 64 levels in it, as in Galleta's own
 * cookies.
 */
export const MAX_DEPTH = 65;

/** A rejected cookie, with the reason. */
export type Rejection = Extract<FormatReading, { ok: false }>;

/** Makes a rejection. */
export const reject = (reason: RejectReason): Rejection => ({ ok: false, reason });

/** Decompresses zlib data, up to {@link MAX_JSON_BYTES}. */
export function inflate(packed: Uint8Array): Buffer | Rejection {
  try {
    return inflateSync(packed, { maxOutputLength: MAX_JSON_BYTES });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return reject(code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "payload");
  }
}

// `ignoreBOM` leaves a byte order mark in the text. `JSON.parse` then rejects it, as JSON requires.
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8. Returns `undefined` for invalid bytes. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Decodes base64 (RFC 4648 §4) with its padding. Accepts only the canonical form.
 *
 * @returns `undefined` if the text is not canonical
 */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
