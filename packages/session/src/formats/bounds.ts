import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import type { FormatReading, RejectReason } from "../session/format.ts";

/**
 * The most characters of a cookie's value that a format reads. Browsers keep 4096 characters of
 * name and value together, other clients may keep more. A longer value is rejected before it is
 * read.
 */
export const MAX_COOKIE_CHARS = 8192;

/**
 * The most bytes of JSON, also after zlib unpacked them: 4 kB of cookie could otherwise become 4
 * MB.
 */
export const MAX_JSON_BYTES = 65_536;

/**
 * The most levels of nested objects and arrays: the session and 64 levels in it, as in the engine.
 */
export const MAX_DEPTH = 65;

/** A rejected cookie, as the result of one step or of the whole reading. */
export type Rejection = Extract<FormatReading, { ok: false }>;

/** Makes a rejection. */
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

// `ignoreBOM` keeps a byte order mark in the text. `JSON.parse` then rejects it, as JSON requires.
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
 * Decodes base64 (RFC 4648 §4) with its padding, and only the canonical form.
 * @returns `undefined` if the text is not canonical
 */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
