import { Buffer } from "node:buffer";
import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { lengthPrefixed } from "../encoding.ts";
import { Epochs } from "./epochs.ts";
import { createMac, type Mac } from "./mac.ts";

const LABEL = "galleta/v1";

/** The purpose of a token. A token for one purpose is never accepted for another. */
export type TokenUse = "session" | "ticket";

/** The keys for encrypted tokens with one purpose: sessions or tickets. */
export interface Encryption {
  /** Computes the MAC of encrypted tokens. */
  readonly mac: Mac;
  readonly epochs: Epochs;
}

/** All keys derived from one secret. */
export interface Key {
  /** The position of the secret in the list of secrets. The keys at position 0 sign new tokens. */
  readonly index: number;
  /** The id of this key: four bytes, as an unsigned number. Two keys rarely have the same id. */
  readonly kid: number;
  /** Computes the MAC of signed session tokens. */
  readonly mac: Mac;
  /** The key that makes and checks CSRF tokens. */
  readonly csrf: KeyObject;
  readonly encryption: Readonly<Record<TokenUse, Encryption>>;
  /**
   * The secret itself. Each encrypted token of the previous kind (`E`) has a key of its own,
   * derived from the secret.
   */
  readonly secret: KeyObject;
}

/** The keys for cookies of one name. The first key signs new tokens; all keys verify tokens. */
export interface KeyRing {
  readonly cookieName: string;
  readonly newest: Key;
  readonly keys: readonly Key[];
}

/**
 * Encodes the `info` of HKDF, which names what a key is derived for; see docs/token.md. Each part
 * is written after its length, so two different lists of parts never give the same bytes.
 */
export function info(...parts: (string | Uint8Array)[]): Buffer {
  return Buffer.concat([LABEL, ...parts].map(lengthPrefixed));
}

/**
 * Derives bytes from a secret with HKDF-SHA-256 (RFC 5869).
 * @param length bytes to derive
 */
export function derive(
  secret: KeyObject,
  salt: Uint8Array,
  about: Uint8Array,
  length: number,
): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, about, length));
}

/**
 * Makes the keys for cookies of one name. They are derived at first use, because the first calls
 * into OpenSSL take milliseconds. A process that opens no session saves that time.
 * @param secrets the bytes of the secrets, newest first, at least one
 */
export function createKeyRing(secrets: readonly Buffer[], cookieName: string): KeyRing {
  const [first] = secrets;
  if (first === undefined) throw new RangeError("A key ring needs at least one key.");
  let keys: readonly Key[] | undefined;
  return {
    cookieName,
    get keys() {
      return (keys ??= secrets.map((secret, index) => deriveKey(secret, index, cookieName)));
    },
    get newest() {
      return this.keys[0]!;
    },
  };
}

function deriveKey(bytes: Buffer, index: number, cookieName: string): Key {
  const secret = createSecretKey(bytes);
  const fixed = (length: number, ...about: string[]) =>
    derive(secret, Buffer.alloc(0), info(...about), length);
  const encryption = (prefix: "" | "ticket-") => {
    const about = info(`${prefix}epoch`, cookieName);
    return {
      mac: createMac(fixed(32, `${prefix}seal`, cookieName)),
      epochs: new Epochs((salt) => derive(secret, salt, about, 32)),
    };
  };
  return {
    index,
    kid: fixed(4, "kid").readUInt32BE(),
    mac: createMac(fixed(32, "sign", cookieName)),
    csrf: createSecretKey(fixed(32, "csrf", cookieName)),
    encryption: { session: encryption(""), ticket: encryption("ticket-") },
    secret,
  };
}
