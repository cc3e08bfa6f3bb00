import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync } from "node:crypto";
import { fromBase64url, toBase64url } from "../encoding.ts";
import type { RejectReason } from "../session/format.ts";
import { equal } from "./signer.ts";

// The seal of @hapi/iron with the parameters that iron-session fixes:
// Fe26.2*id*salt*iv*ciphertext*expiration*macSalt*mac. The MAC covers the parts before macSalt.

const PREFIX = "Fe26.2";
const SALT = /^[0-9a-f]{64}$/;
const EXPIRATION = /^(?:|[1-9]\d{0,15})$/;
const IV_BYTES = 16;

/** The random parts of a seal, the encrypted text that @hapi/iron makes. */
export interface SealSalts {
  /** The salt of the encryption key: 32 bytes in hexadecimal. */
  readonly encryption: string;
  /** The salt of the MAC key: 32 bytes in hexadecimal. */
  readonly mac: string;
  /** The initialization vector of AES-256-CBC: 16 bytes. */
  readonly iv: Uint8Array;
}

/**
 * A password and its id. Each seal of @hapi/iron contains the id, so that the reader finds the
 * password.
 */
export interface SealPassword {
  readonly id: string;
  readonly text: string;
}

// One iteration is enough for passwords of 32 characters and more. iron-session also uses one.
const derive = (password: string, salt: string) => pbkdf2Sync(password, salt, 1, 32, "sha1");

const macOf = (password: string, salt: string, sealed: string) =>
  createHmac("sha256", derive(password, salt)).update(sealed).digest();

/**
 * Encrypts a text and adds a MAC, in the format of @hapi/iron.
 * @param expiration when the text expires, in milliseconds since 1970; `undefined` for never
 */
export function seal(
  text: string,
  password: SealPassword,
  expiration: number | undefined,
  salts: SealSalts,
): string {
  const key = derive(password.text, salts.encryption);
  const cipher = createCipheriv("aes-256-cbc", key, salts.iv);
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  const sealed = [
    PREFIX,
    password.id,
    salts.encryption,
    toBase64url(salts.iv),
    toBase64url(encrypted),
    expiration ?? "",
  ].join("*");
  return `${sealed}*${salts.mac}*${toBase64url(macOf(password.text, salts.mac, sealed))}`;
}

/** The result of opening a seal: its bytes and its expiry in milliseconds, or a rejection. */
export type Unsealed =
  | { readonly bytes: Buffer; readonly password: SealPassword; readonly expiration?: number }
  | { readonly reason: RejectReason };

/**
 * Verifies the MAC of a text that @hapi/iron sealed, then decrypts it. The caller must check the
 * expiry.
 */
export function unseal(text: string, passwords: readonly SealPassword[]): Unsealed {
  const parts = text.split("*");
  const [prefix, id, salt = "", iv = "", encrypted = "", end = "", macSalt = "", mac = ""] = parts;
  if (parts.length !== 8 || prefix !== PREFIX) return { reason: "malformed" };
  const password = passwords.find((candidate) => candidate.id === id);
  if (password === undefined) return { reason: "key" };
  const macBytes = fromBase64url(mac);
  if (macBytes === undefined || !SALT.test(macSalt)) return { reason: "not-canonical" };
  const sealed = parts.slice(0, 6).join("*");
  if (!equal(macOf(password.text, macSalt, sealed), macBytes)) return { reason: "mac" };
  const ivBytes = fromBase64url(iv);
  const encryptedBytes = fromBase64url(encrypted);
  if (ivBytes?.length !== IV_BYTES || encryptedBytes === undefined || !SALT.test(salt)) {
    return { reason: "not-canonical" };
  }
  if (!EXPIRATION.test(end)) return { reason: "time" };
  const bytes = decrypt(derive(password.text, salt), ivBytes, encryptedBytes);
  if (bytes === undefined) return { reason: "decryption" };
  return end === "" ? { bytes, password } : { bytes, password, expiration: Number(end) };
}

function decrypt(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-cbc", key, iv);
  try {
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch {
    // The MAC is right, but the padding is wrong: the sender sealed it like this.
    return undefined;
  }
}
