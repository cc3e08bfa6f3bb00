import type { JsonObject } from "@galleta/session";
import {
  decodeTime,
  fromBase62,
  fromBase64,
  looksLikeToken,
  parseForeignObject,
  readTags,
  splitMessage,
  unpack,
  utf8,
} from "@galleta/session/internals";

/** A format of session cookies, named after its framework. */
export type CookieFormat =
  | "galleta"
  | "starlette"
  | "flask"
  | "django"
  | "cookie-session"
  | "iron-session"
  | "rails";

/** A format that a cookie's value may have, and what can be read from the value without a key. */
export interface Candidate {
  readonly format: CookieFormat;
  readonly data?: JsonObject;
  /** When the cookie was issued, in seconds since 1970. */
  readonly issuedAt?: number;
  /** When the cookie expires, in seconds since 1970. */
  readonly expiresAt?: number;
  /**
   * The length of the cookie's signature in bytes. It shows which hash function made the signature.
   */
  readonly macBytes?: number;
}

/** The longest cookie value that is examined, in characters. */
const MAX_VALUE = 16_384;

/**
 * Lists the formats that a cookie's value may have, the likeliest first. Verifies no signature, so
 * the value may be forged.
 */
export function recognise(value: string): Candidate[] {
  if (value.length > MAX_VALUE) return [];
  if (looksLikeToken(value)) return [{ format: "galleta" }];
  return [readIron(value), readRails(value), readDjango(value), ...readDotted(value)]
    .concat(readBase64(value))
    .filter((candidate) => candidate !== undefined);
}

const SIGNATURE = /^[A-Za-z0-9_-]+$/;
const macBytesOf = (text: string) => Math.floor((text.length * 3) / 4);
const DIGEST_BYTES: readonly number[] = [20, 32, 48, 64];

/**
 * Reads a cookie of Starlette or Flask: `payload.time.signature`, as the package itsdangerous
 * writes it. The two frameworks differ in the payload.
 */
function readDotted(value: string): Candidate[] {
  const found = /^(.+)\.([A-Za-z0-9_-]{1,8})\.([A-Za-z0-9_-]+)$/.exec(value);
  if (found === null) return [];
  const [, payload = "", time = "", signature = ""] = found;
  const issuedAt = decodeTime(time);
  const macBytes = macBytesOf(signature);
  if (issuedAt === undefined || !DIGEST_BYTES.includes(macBytes)) return [];
  const candidates: Candidate[] = [];
  const plain = utf8(fromBase64(payload) ?? new Uint8Array());
  const starletteData = parseForeignObject(plain ?? "", "python");
  if (starletteData !== undefined && macBytes === 20) {
    candidates.push({ format: "starlette", data: starletteData, issuedAt, macBytes });
  }
  const bytes = unpack(payload);
  const tagged = "ok" in bytes ? undefined : parseForeignObject(utf8(bytes) ?? "", "python");
  const flaskData = tagged === undefined ? undefined : readTags(tagged);
  if (flaskData !== undefined) {
    candidates.push({ format: "flask", data: flaskData, issuedAt, macBytes });
  }
  // If the padding fits both formats, the spacing decides: Flask writes no spaces.
  return /^\{"[^"\\]*":\S/.test(plain ?? "") ? candidates.toReversed() : candidates;
}

function readDjango(value: string): Candidate | undefined {
  const [payload = "", time = "", signature = "", ...more] = value.split(":");
  if (more.length > 0 || !SIGNATURE.test(signature)) return undefined;
  const issuedAt = fromBase62(time);
  if (issuedAt === undefined) return undefined;
  const bytes = unpack(payload);
  if ("ok" in bytes) return undefined;
  const data = parseForeignObject(bytes.toString("latin1"), "python");
  return data === undefined
    ? undefined
    : { format: "django", data, issuedAt, macBytes: macBytesOf(signature) };
}

function readBase64(value: string): Candidate | undefined {
  const bytes = fromBase64(value);
  const data = bytes && parseForeignObject(utf8(bytes) ?? "", "js");
  return data === undefined ? undefined : { format: "cookie-session", data };
}

function readIron(value: string): Candidate | undefined {
  const parts = value.split("*");
  if (parts.length !== 8 || !/^Fe26\.\d+$/.test(parts[0] ?? "")) return undefined;
  const end = parts[5] ?? "";
  return /^[1-9]\d{0,15}$/.test(end)
    ? { format: "iron-session", expiresAt: Math.floor(Number(end) / 1000) }
    : { format: "iron-session" };
}

function readRails(value: string): Candidate | undefined {
  return splitMessage(value) === undefined ? undefined : { format: "rails" };
}
