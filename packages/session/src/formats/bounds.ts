import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import type { FormatReading, RejectReason } from "../session/format.ts";

/**
 * The most characters that a cookie's value may have. A longer value is rejected before it is
 * parsed. Browsers allow 4096 characters for name and value together, but other clients may send
 * more.
 */
export const MAX_COOKIE_CHARS = 8192;

/**
 * The most bytes of JSON that a session of another framework may have. The limit also applies after
 * decompression, because a compressed cookie of 4 kB could become 4 MB.
 */
export const MAX_JSON_BYTES = 65_536;

/**
 * The deepest nesting of objects and arrays that is accepted. The session itself is the first
 * level, so its values may be nested 64 levels deep, as in Galleta's own cookies.
 */
export const MAX_DEPTH = 65;

/** A rejected cookie, with the reason. */
export type Rejection = Extract<FormatReading, { ok: false }>;

/** Makes the result for a cookie that is rejected, with the reason. */
export const reject = (reason: RejectReason): Rejection => ({ ok: false, reason });

/**
 * Decompresses zlib data. Returns a rejection if the data is invalid, or longer than
 * {@link MAX_JSON_BYTES}.
 */
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
