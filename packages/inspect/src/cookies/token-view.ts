import type { Buffer } from "node:buffer";
import {
  ENCRYPTED,
  HEADER_BYTES,
  NEVER,
  PREVIOUS,
  SIGNED,
  fromBase64url,
} from "@galleta/session/internals";

/** One part of a Galleta token, such as its signature. */
export interface TokenField {
  readonly name: string;
  /**
   * The characters of the token that encode this part. A character that encodes bits of two parts
   * belongs to the first.
   */
  readonly text: string;
  /** The length of this part in bytes. */
  readonly bytes: number;
  /** The value of this part as text, or what the part is for. */
  readonly meaning: string;
}

/**
 * The parts of a Galleta token (format v1) that are readable without a key. They are not verified.
 */
export interface TokenView {
  readonly kind: "signed" | "encrypted";
  /**
   * The id of the key that made the token, in hexadecimal. The id is only a hint: the signature
   * proves which key it was.
   */
  readonly keyId: string;
  /** When the session began, in seconds since 1970. */
  readonly born: number;
  readonly iat: number;
  /** When the token expires, in seconds since 1970; null if it never does. */
  readonly exp: number | null;
  /** The session's id, revision and JSON. Only a signed token shows them without a key. */
  readonly content?: { readonly sid: string; readonly rev: number; readonly json: string };
  readonly fields: readonly TokenField[];
}

type Part = readonly [name: string, bytes: number, meaning: string];

const SID = 16;
const MAC = 32;
/**
 * How many bytes the salt and the nonce of an encrypted token have together. A token of an earlier
 * version of Galleta has a salt of this length and no nonce.
 */
const RANDOM = 24;
const COMMITMENT = 16;
const TAG = 16;

const SIGNATURE: Part = ["signature", MAC, "HMAC-SHA-256 over everything before it"];

const KINDS: ReadonlyMap<unknown, string> = new Map([
  [SIGNED, "S: signed, anyone can read it"],
  [ENCRYPTED, "F: encrypted"],
  [PREVIOUS, "E: encrypted, as an earlier version wrote it"],
]);

/**
 * Splits a Galleta token (format v1) into its parts, without verifying it.
 *
 * @returns `undefined` if the text is not such a token, or not canonical base64url
 */
export function viewToken(token: string): TokenView | undefined {
  const bytes = fromBase64url(token);
  const version = bytes?.[0];
  if (bytes === undefined || bytes.length < HEADER_BYTES) return undefined;
  const kind = KINDS.get(version);
  if (kind === undefined) return undefined;
  const born = bytes.readUInt32BE(6);
  const iat = bytes.readUInt32BE(10);
  const exp = bytes.readUInt32BE(14);
  const keyId = bytes.toString("hex", 2, 6);
  const header: readonly Part[] = [
    ["version", 1, kind],
    ["flags", 1, bytes[1] === 0 ? "none" : "unknown"],
    ["key", 4, `${keyId}, the id of the key`],
    ["born", 4, `session began ${instant(born)}`],
    ["issued", 4, instant(iat)],
    ["expires", 4, exp === NEVER ? "never" : instant(exp)],
  ];
  const rest = bytes.length - HEADER_BYTES;
  const body = version === SIGNED ? signedParts(bytes, rest) : encryptedParts(version, rest);
  if (body === undefined) return undefined;
  const end = exp === NEVER ? null : exp;
  const common = { keyId, born, iat, exp: end, fields: layOut(token, [...header, ...body]) };
  if (version !== SIGNED) return { kind: "encrypted", ...common };
  return { kind: "signed", ...common, content: readContent(bytes) };
}

function readContent(bytes: Buffer) {
  return {
    sid: bytes.toString("base64url", HEADER_BYTES, HEADER_BYTES + SID),
    rev: bytes.readUInt32BE(HEADER_BYTES + SID),
    json: bytes.toString("utf8", HEADER_BYTES + SID + 4, bytes.length - MAC),
  };
}

function signedParts(bytes: Buffer, rest: number): readonly Part[] | undefined {
  const json = rest - SID - 4 - MAC;
  if (json < 0) return undefined;
  const { sid, rev, json: text } = readContent(bytes);
  return [["session id", SID, sid], ["revision", 4, String(rev)], ["data", json, text], SIGNATURE];
}

function encryptedParts(version: unknown, rest: number): readonly Part[] | undefined {
  const sealed = rest - RANDOM - MAC;
  if (sealed < SID + 4) return undefined;
  const content = (mode: string): Part => [
    "ciphertext",
    sealed,
    `session id, revision and data in AES-256-${mode}`,
  ];
  if (version === ENCRYPTED) {
    return [
      [
        "salt",
        RANDOM / 2,
        "random; a process derives its encryption key from it, and uses both for up to an hour",
      ],
      ["nonce", RANDOM / 2, "random, new for each token"],
      content("CTR"),
      SIGNATURE,
    ];
  }
  return [
    ["salt", RANDOM, "random; the key and the nonce of this token are derived from it"],
    ["commitment", COMMITMENT, "binds the token to one key"],
    content("GCM"),
    ["tag", TAG, "authenticates everything before it"],
  ];
}

/**
 * Finds the characters of each part in the token. Base64url writes three bytes as four characters;
 * a character with bits of two parts belongs to the first.
 */
function layOut(token: string, parts: readonly Part[]): TokenField[] {
  const character = (byte: number) => Math.ceil((byte * 8) / 6);
  let start = 0;
  return parts.map(([name, bytes, meaning]) => {
    const text = token.slice(character(start), character(start + bytes));
    start += bytes;
    return { name, text, bytes, meaning };
  });
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000", "");
}
