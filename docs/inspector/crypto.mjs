// The part of node:crypto that the inspector needs in a browser. WebCrypto is asynchronous and the
// engine is not, so the primitives come from @noble.
import { cbc, ecb, gcm } from "@noble/ciphers/aes.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { Buffer } from "./buffer.mjs";

const HASHES = { sha1, sha256, sha384, sha512 };
const bytes = (value) => (typeof value === "string" ? Buffer.from(value, "utf8") : value);

/** Makes a hash or an HMAC with `update` and `digest`. */
function sum(state) {
  return {
    update(data) {
      state.update(bytes(data));
      return this;
    },
    digest(encoding) {
      const result = Buffer.from(state.digest());
      return encoding === undefined ? result : result.toString(encoding);
    },
  };
}

export const createHash = (name) => sum(HASHES[name].create());
export const createHmac = (name, key) => sum(hmac.create(HASHES[name], bytes(key)));
/** Here a key is only its bytes: a page has no memory that its own code cannot read. */
export const createSecretKey = (key) => Buffer.from(key);
export const hkdfSync = (name, key, salt, info, length) =>
  hkdf(HASHES[name], bytes(key), bytes(salt), bytes(info), length);
export const pbkdf2Sync = (password, salt, c, dkLen, name) =>
  Buffer.from(pbkdf2(HASHES[name], bytes(password), bytes(salt), { c, dkLen }));

export function timingSafeEqual(a, b) {
  if (a.length !== b.length) throw new RangeError("Input buffers must have the same byte length");
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a[i] ^ b[i];
  return difference === 0;
}

export const randomFillSync = (target) => crypto.getRandomValues(target);
export const randomBytes = (size) => randomFillSync(Buffer.alloc(size));

/** Works like Node's function for a ciphertext in one piece: `final` throws if it was changed. */
export function createDecipheriv(name, key, iv) {
  let aad;
  let tag;
  let failure;
  const open = (data) =>
    name.endsWith("gcm")
      ? gcm(key, iv, aad).decrypt(Buffer.concat([data, tag]))
      : cbc(key, iv).decrypt(data);
  return {
    setAAD: (data) => void (aad = Buffer.from(data)),
    setAuthTag: (data) => void (tag = Buffer.from(data)),
    update(data) {
      try {
        return Buffer.from(open(data));
      } catch (error) {
        failure = error;
        return Buffer.alloc(0);
      }
    },
    final() {
      if (failure !== undefined) throw failure;
      return Buffer.alloc(0);
    },
  };
}

/**
 * Makes the block cipher behind AES-256-CTR. It throws for all other ciphers, because the page does
 * not encrypt.
 */
export function createCipheriv(name, key) {
  if (name !== "aes-256-ecb") throw new Error("The page does not encrypt.");
  // A copy: the engine overwrites the key once it has the cipher.
  const copy = Buffer.from(key);
  return {
    setAutoPadding() {
      return this;
    },
    update: (data) => ecb(copy, { disablePadding: true }).encrypt(data),
  };
}

/** Undefined, so that the engine uses `createHmac`. */
export const hash = undefined;
