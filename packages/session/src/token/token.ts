import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createSecretKey, timingSafeEqual } from "node:crypto";
import { ENCRYPTED, HEADER_BYTES, readTimes, SIGNED, writeHeader, type Times } from "./header.ts";
import { derive, type Key, type KeyRing, type TokenUse } from "./keys.ts";
import { MAC_BYTES } from "./mac.ts";
import { takeRandom } from "./random.ts";

const SID_BYTES = 16;
const CONTENT_MIN = SID_BYTES + 4;
const SALT_BYTES = 24;
const COMMITMENT_BYTES = 16;
const TAG_BYTES = 16;
const SIGNED_MIN = HEADER_BYTES + CONTENT_MIN + MAC_BYTES;
const SEALED_START = HEADER_BYTES + SALT_BYTES + COMMITMENT_BYTES;
const ENCRYPTED_MIN = SEALED_START + CONTENT_MIN + TAG_BYTES;
const ALGORITHM = "aes-256-gcm";

/** Characters of the longest token that is looked at: four cookies full. */
export const MAX_TOKEN_CHARACTERS = 4 * 4096;

/** What a token says, once its MAC held. */
export interface TokenContent {
  /** The session's id, 16 bytes in base64url. */
  readonly sid: string;
  /** Counts the commits that changed the session. */
  readonly rev: number;
  /** The JSON, not yet parsed. */
  readonly json: string;
}

/** A token whose MAC or encryption held. Its times are still to be judged. */
export interface OpenedToken extends TokenContent, Times {
  readonly keyIndex: number;
  readonly encrypted: boolean;
  /** The parsed JSON where nothing in it is nested; never handed out, only copies of it. */
  flat?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

/** Why a token was refused. */
export type TokenFault =
  | "not-canonical"
  | "length"
  | "version"
  | "flags"
  | "key"
  | "mac"
  | "decryption";

/** Which kinds of token are accepted. */
export interface Accepted {
  readonly signed: boolean;
  readonly encrypted: boolean;
}

// One working buffer serves all tokens: opening is synchronous, so no two ever overlap.
const HEADROOM = 64;
const work = Buffer.alloc(HEADROOM + Math.ceil((MAX_TOKEN_CHARACTERS * 3) / 4) + 4);

/**
 * Verifies a token of format v1 and returns what it says, or why it is refused. Nothing inside it
 * is interpreted before its MAC held. Never throws.
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
  const size = end - HEADROOM;
  if (size < (version === ENCRYPTED ? ENCRYPTED_MIN : SIGNED_MIN)) return "length";
  if (!(version === SIGNED && accepted.signed) && !(version === ENCRYPTED && accepted.encrypted)) {
    return "version";
  }
  if (work[HEADROOM + 1] !== 0) return "flags";
  const kid = work.readUInt32BE(HEADROOM + 2);
  let fault: TokenFault = "key";
  for (const key of ring.keys) {
    if (key.kid !== kid) continue;
    const outcome =
      version === SIGNED ? openSigned(key, end) : openEncrypted(key, end, ring.encryptionInfo[use]);
    if (typeof outcome !== "string") return outcome;
    fault = outcome;
  }
  return fault;
}

/** Whether a cookie's value has the outer form of a v1 token, so that no other reader may try it. */
export function looksLikeToken(value: string): boolean {
  // 12 bits of version and flags, then 4 of the flags, which are 0, and the first 2 of the key's id.
  return /^(?:Uw|RQ)[A-D][A-Za-z0-9_-]{69,}$/.test(value);
}

function openSigned(key: Key, end: number): OpenedToken | TokenFault {
  const macStart = end - MAC_BYTES;
  if (!timingSafeEqual(key.mac.sum(work, macStart), work.subarray(macStart, end))) return "mac";
  return opened(work, HEADROOM + HEADER_BYTES, macStart, key, false);
}

function openEncrypted(key: Key, end: number, about: Buffer): OpenedToken | TokenFault {
  const salt = work.subarray(HEADROOM + HEADER_BYTES, HEADROOM + HEADER_BYTES + SALT_BYTES);
  const derived = derive(key.material, salt, about, 60);
  const sealedStart = HEADROOM + SEALED_START;
  const commitment = work.subarray(sealedStart - COMMITMENT_BYTES, sealedStart);
  if (!timingSafeEqual(derived.subarray(44), commitment)) return "mac";
  const cipherKey = createSecretKey(derived.subarray(0, 32));
  const decipher = createDecipheriv(ALGORITHM, cipherKey, derived.subarray(32, 44), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(work.subarray(HEADROOM, sealedStart));
  decipher.setAuthTag(work.subarray(end - TAG_BYTES, end));
  const plain = decipher.update(work.subarray(sealedStart, end - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return "decryption";
  }
  return opened(plain, 0, plain.length, key, true);
}

/** What an authentic token says: its header stands in `work`, its content in `source`. */
function opened(
  source: Buffer,
  start: number,
  end: number,
  key: Key,
  encrypted: boolean,
): OpenedToken {
  const { born, iat, exp } = readTimes(work, HEADROOM);
  const sid = source.toString("base64url", start, start + SID_BYTES);
  const rev = source.readUInt32BE(start + SID_BYTES);
  const json = source.toString("utf8", start + CONTENT_MIN, end);
  return { sid, rev, json, born, iat, exp, keyIndex: key.index, encrypted, flat: undefined };
}

/** What a token is made from. */
export interface TokenInput extends TokenContent, Times {}

/**
 * Signs a token (`S`): whoever holds it can read it, nobody can change it.
 * @returns base64url without padding
 */
export function signToken(input: TokenInput, ring: KeyRing): string {
  const { mac, kid } = ring.newest;
  const jsonBytes = Buffer.byteLength(input.json);
  const end = mac.headroom + HEADER_BYTES + CONTENT_MIN + jsonBytes;
  const buffer = Buffer.allocUnsafe(end + MAC_BYTES);
  writeHeader(buffer, mac.headroom, SIGNED, kid, input);
  writeContent(buffer, mac.headroom + HEADER_BYTES, input);
  mac.sum(buffer, end).copy(buffer, end);
  return buffer.toString("base64url", mac.headroom);
}

/**
 * Encrypts a token (`E`) with AES-256-GCM under a key and nonce of its own, derived from a random
 * salt; the commitment binds it to one key.
 * @param salt 24 random bytes; given only to reproduce a vector
 * @returns base64url without padding
 */
export function encryptToken(
  input: TokenInput,
  ring: KeyRing,
  use: TokenUse = "session",
  salt: Uint8Array = takeRandom(SALT_BYTES),
): string {
  const derived = derive(ring.newest.material, salt, ring.encryptionInfo[use], 60);
  const head = Buffer.alloc(SEALED_START);
  writeHeader(head, 0, ENCRYPTED, ring.newest.kid, input);
  head.set(salt, HEADER_BYTES);
  derived.copy(head, HEADER_BYTES + SALT_BYTES, 44);
  const content = Buffer.alloc(CONTENT_MIN + Buffer.byteLength(input.json));
  writeContent(content, 0, input);
  const cipherKey = createSecretKey(derived.subarray(0, 32));
  const cipher = createCipheriv(ALGORITHM, cipherKey, derived.subarray(32, 44), {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(head);
  const sealed = [head, cipher.update(content), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString("base64url");
}

function writeContent(target: Buffer, offset: number, content: TokenContent): void {
  target.write(content.sid, offset, "base64url");
  target.writeUInt32BE(content.rev, offset + SID_BYTES);
  target.write(content.json, offset + CONTENT_MIN, "utf8");
}

/** A fresh session id: 16 random bytes in base64url (128 bits, as OWASP ASVS 7.2.3 asks). */
export function newSessionId(): string {
  return takeRandom(SID_BYTES).toString("base64url");
}
