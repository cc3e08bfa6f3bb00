import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { applyCtr, NONCE_BYTES } from "./ctr.ts";
import { SALT_BYTES } from "./epochs.ts";
import { ENCRYPTED, HEADER_BYTES, PREVIOUS, SIGNED, type Times } from "./header.ts";
import type { Key, KeyRing, TokenUse } from "./keys.ts";
import { HEADROOM, MAC_BYTES, type Mac } from "./mac.ts";
import { openPrevious } from "./previous.ts";
import { takeRandom } from "./random.ts";

const SID_BYTES = 16;

// Offsets of a token's parts in the working buffer, after the headroom of a MAC.
const CONTENT = HEADROOM + HEADER_BYTES;
const NONCE = CONTENT + SALT_BYTES;
/**
 * The offset in the working buffer where the content of an encrypted token begins, after its salt
 * and its nonce.
 */
const SEALED = NONCE + NONCE_BYTES;
/**
 * Where the salt begins and ends in a token's text. Three bytes are four characters of base64url.
 */
const SALT_TEXT = [(HEADER_BYTES * 4) / 3, ((HEADER_BYTES + SALT_BYTES) * 4) / 3] as const;
/** How many bytes of a token's content come before its JSON: the session id and the revision. */
const BEFORE_JSON = SID_BYTES + 4;

/** The most characters of a token that is read: four full cookies. */
export const MAX_TOKEN_CHARACTERS = 4 * 4096;

/** The content of a token whose MAC was verified. */
export interface TokenContent {
  /** The session's id, 16 bytes in base64url. */
  readonly sid: string;
  /** The revision: how many commits changed the session. */
  readonly rev: number;
  /** The JSON of the session, not yet parsed. */
  readonly json: string;
}

/** The data of a session in which no value is an object or a list. */
export type Flat = Readonly<Record<string, string | number | boolean | null>>;

/** A token whose MAC or encryption was verified. Its times are not checked yet. */
export interface OpenedToken extends TokenContent, Times {
  readonly keyIndex: number;
  readonly encrypted: boolean;
  /**
   * The session's data, parsed from `json`, if no value is an object or a list. Callers get copies.
   */
  flat?: Flat | undefined;
}

/** The reason why a token was rejected. */
export type TokenFault =
  | "not-canonical"
  | "length"
  | "version"
  | "flags"
  | "key"
  | "mac"
  | "decryption";

/** Which kinds of tokens to accept: signed ones, encrypted ones, or both. */
export interface Accepted {
  readonly signed: boolean;
  readonly encrypted: boolean;
}

// One working buffer serves all tokens. No code here is asynchronous, so no two uses overlap. The
// views are kept, because making one takes as long as decoding a token.
const work = Buffer.alloc(HEADROOM + MAX_TOKEN_CHARACTERS);
const numbers = new DataView(work.buffer, work.byteOffset);
const salt = work.subarray(CONTENT, NONCE);
/** The MAC that a token contains, kept here while it is compared with the computed MAC. */
const given = work.subarray(0, MAC_BYTES);
/**
 * Views of the working buffer that end at a certain offset, stored under that offset. A MAC is
 * computed over such a view.
 */
const messages: Buffer[] = [];

/**
 * Verifies a token of format v1. Returns its content or the reason to reject it. No content is
 * interpreted or decrypted before the MAC is verified. Never throws.
 */
export function openToken(
  token: string,
  ring: KeyRing,
  accepted: Accepted,
  use: TokenUse = "session",
): OpenedToken | TokenFault {
  if (token.length > MAX_TOKEN_CHARACTERS || token.length < 24) return "length";
  const end = HEADROOM + work.write(token, HEADROOM, "base64url");
  // Decoding is lenient, encoding is not: only the canonical text survives the round trip.
  if (work.toString("base64url", HEADROOM, end) !== token) return "not-canonical";
  const version = work[HEADROOM];
  const encrypted = version === ENCRYPTED || version === PREVIOUS;
  // Both kinds of encrypted tokens have the same shortest length.
  if (end < BEFORE_JSON + MAC_BYTES + (encrypted ? SEALED : CONTENT)) return "length";
  if (!(encrypted ? accepted.encrypted : version === SIGNED && accepted.signed)) return "version";
  if (work[HEADROOM + 1] !== 0) return "flags";
  const kid = numbers.getUint32(HEADROOM + 2);
  const start = version === ENCRYPTED ? SEALED : CONTENT;
  let outcome: number | TokenFault = "key";
  for (const key of ring.keys) {
    if (key.kid !== kid) continue;
    if (version === SIGNED) outcome = verify(key.mac, end);
    else if (version === ENCRYPTED) outcome = unseal(key, end, use, token);
    else outcome = unsealPrevious(key, end, use, ring.cookieName);
    if (typeof outcome === "string") continue;
    return {
      sid: work.toString("base64url", start, start + SID_BYTES),
      rev: numbers.getUint32(start + SID_BYTES),
      json: work.toString("utf8", start + BEFORE_JSON, outcome),
      born: numbers.getUint32(HEADROOM + 6),
      iat: numbers.getUint32(HEADROOM + 10),
      exp: numbers.getUint32(HEADROOM + 14),
      keyIndex: key.index,
      encrypted,
      flat: undefined,
    };
  }
  return outcome;
}

/**
 * True if a cookie's value has the form of a Galleta token of format v1. Readers of other formats
 * then skip the cookie.
 */
export function looksLikeToken(value: string): boolean {
  // The first two characters are the version and 4 flag bits. The third is the other 4 flag bits,
  // and the first 2 bits of the key id. All flag bits are 0.
  return /^(?:Uw|R[Qg])[A-D][A-Za-z0-9_-]{69,}$/.test(value);
}

/**
 * Verifies the MAC of the token in the working buffer.
 *
 * @returns the offset where the token's content ends, or the reason to reject the token
 */
function verify(mac: Mac, end: number): number | TokenFault {
  const macStart = end - MAC_BYTES;
  const sum = mac(messageTo(macStart, work));
  work.copyWithin(0, macStart, end);
  return timingSafeEqual(sum, given) ? macStart : "mac";
}

/**
 * Returns a view of the bytes that a MAC covers, up to `end`. The view begins with the free bytes
 * that the MAC function overwrites.
 */
function messageTo(end: number, source: Buffer): Buffer {
  return source === work ? (messages[end] ??= work.subarray(0, end)) : source.subarray(0, end);
}

/** Verifies the encrypted token in the working buffer, and decrypts its content there. */
function unseal({ encryption }: Key, end: number, use: TokenUse, token: string) {
  const { mac, epochs } = encryption[use];
  const outcome = verify(mac, end);
  if (typeof outcome === "string") return outcome;
  const { cipher } = epochs.find(token.slice(...SALT_TEXT), salt);
  applyCtr(cipher, work, NONCE, SEALED, outcome);
  return outcome;
}

/**
 * Decrypts a token of the previous kind (`E`) in the working buffer. Afterwards, the content is at
 * the same offset as in a signed token.
 */
function unsealPrevious(key: Key, end: number, use: TokenUse, cookieName: string) {
  const content = openPrevious(key, cookieName, use, work.subarray(HEADROOM, end));
  return typeof content === "string" ? content : CONTENT + content.copy(work, CONTENT);
}

/** The parts of a new token. */
export interface TokenInput extends TokenContent, Times {}

/**
 * Makes a signed token (`S`). The client can read the token, but only the server can change it.
 * @returns base64url without padding
 */
export function signToken(input: TokenInput, ring: KeyRing): string {
  const { mac, kid } = ring.newest;
  const target = roomFor(input);
  return finish(target, mac, fill(target, SIGNED, kid, input, CONTENT));
}

/**
 * Makes an encrypted token (`F`) with AES-256-CTR, and adds a MAC, as to a signed token. This
 * process takes a new encryption key every hour.
 * @param fixed a salt and a nonce; passed only to reproduce a test vector
 * @returns base64url without padding
 */
export function encryptToken(
  input: TokenInput,
  ring: KeyRing,
  use: TokenUse = "session",
  fixed?: { readonly salt: Buffer; readonly nonce: Buffer },
): string {
  const { encryption, kid } = ring.newest;
  const { mac, epochs } = encryption[use];
  const target = roomFor(input);
  const end = fill(target, ENCRYPTED, kid, input, SEALED);
  if (fixed) {
    target.set(fixed.nonce, NONCE);
    target.set(fixed.salt, CONTENT);
    const { cipher } = epochs.find(fixed.salt.toString("base64url"), fixed.salt);
    applyCtr(cipher, target, NONCE, SEALED, end);
  } else {
    const epoch = epochs.current();
    target.set(epoch.salt, CONTENT);
    epoch.encrypter.encrypt(target, NONCE, SEALED, end);
  }
  return finish(target, mac, end);
}

/**
 * Appends the MAC to a token, and returns the token in base64url.
 *
 * @param end the offset where the token's content ends
 */
function finish(target: Buffer, mac: Mac, end: number): string {
  target.set(mac(messageTo(end, target)), end);
  return target.toString("base64url", HEADROOM, end + MAC_BYTES);
}

/** Returns the shared working buffer, or a larger one if the token does not fit into it. */
function roomFor({ json }: TokenInput): Buffer {
  // A UTF-16 unit is at most three bytes of UTF-8.
  const size = SEALED + BEFORE_JSON + json.length * 3 + MAC_BYTES;
  return size > work.length ? Buffer.alloc(size) : work;
}

/**
 * Writes the header of a token, and its content at offset `start`.
 *
 * @returns the offset where the content ends
 */
function fill(
  target: Buffer,
  version: number,
  kid: number,
  { sid, rev, json, born, iat, exp }: TokenInput,
  start: number,
): number {
  // The second byte holds the flags, which are all 0.
  target.writeUInt16BE(version << 8, HEADROOM);
  target.writeUInt32BE(kid, HEADROOM + 2);
  target.writeUInt32BE(born, HEADROOM + 6);
  target.writeUInt32BE(iat, HEADROOM + 10);
  target.writeUInt32BE(exp, HEADROOM + 14);
  target.write(sid, start, "base64url");
  const at = target.writeUInt32BE(rev, start + SID_BYTES);
  return at + target.write(json, at);
}

/** Makes a session id: 16 random bytes in base64url (128 bits, as OWASP ASVS 7.2.3 asks). */
export function newSessionId(): string {
  return takeRandom(SID_BYTES).toString("base64url");
}
