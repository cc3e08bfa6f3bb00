import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { fromBase64 } from "./bounds.ts";

// ActiveSupport's MessageEncryptor with AES-256-GCM: base64 of ciphertext, IV and tag, with "--"
// between them. In a cookie it is percent-encoded, as Rack encodes every value.

const IV_BYTES = 12;
const TAG_BYTES = 16;
const ESCAPES: Readonly<Record<string, string>> = { "+": "%2B", "/": "%2F", "=": "%3D" };

/** Encrypts a text into the value of a Rails cookie. */
export function encryptMessage(text: string, key: KeyObject, iv: Uint8Array): string {
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return [encrypted, Buffer.from(iv), cipher.getAuthTag()]
    .map((part) => percentEncode(part.toString("base64")))
    .join("--");
}

const percentEncode = (base64: string) => base64.replace(/[+/=]/g, (char) => ESCAPES[char] ?? char);

/** The three parts of an encrypted Rails cookie: the ciphertext, the IV and the tag of AES-GCM. */
export interface RailsMessage {
  readonly encrypted: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
}

/**
 * Splits the value of a Rails cookie into ciphertext, IV and tag. Returns `undefined` if Rails
 * would not have written this value.
 */
export function splitMessage(value: string): RailsMessage | undefined {
  const parts = value.split("--").map(decodePart);
  const [encrypted, iv, tag] = parts;
  if (parts.length !== 3 || encrypted === undefined) return undefined;
  if (iv?.length !== IV_BYTES || tag?.length !== TAG_BYTES) return undefined;
  return { encrypted, iv, tag };
}

function decodePart(part: string): Buffer | undefined {
  const base64 = part.replace(/%(?:2B|2F|3D)/g, decodeURIComponent);
  return percentEncode(base64) === part ? fromBase64(base64) : undefined;
}

/**
 * Decrypts a Rails cookie. Returns `undefined` if the key is another one or the cookie was changed.
 */
export function decryptMessage(message: RailsMessage, key: KeyObject): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, message.iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(message.tag);
  try {
    return Buffer.concat([decipher.update(message.encrypted), decipher.final()]);
  } catch {
    return undefined;
  }
}
