import { Buffer } from "node:buffer";
import { SessionError } from "../errors.ts";
import { Secret } from "../secret.ts";

/** The length of a strong secret key. A key with fewer characters is too weak for production. */
const STRONG_CHARACTERS = 32;

// Keys from documentation, tutorials and templates (of FastAPI, Flask, iron-session,
// @fastify/session and others), which attackers try first. Each entry is the fingerprint of a key in
// lower case, so the source contains no key. Keys shorter than 32 characters need no entry.
const WELL_KNOWN: ReadonlySet<string> = new Set([
  "10cjeij189elub",
  "h2xqkv17pz47p",
  "md56rr5f82yo",
  "lbahsn1tyk4z0",
  "1wvfzs41too2u2",
  "1svt8719qffnd",
  "p44uz2osq0dj",
]);

/** One secret key or a list of keys. The first key signs cookies, all of them verify. */
export type SecretKeys = string | Secret | readonly (string | Secret)[];

/**
 * Checks the secret keys and returns their bytes.
 *
 * @throws SessionError `ERR_SESSION_KEY` if a key is missing, empty or, with `NODE_ENV=production`,
 *   shorter than 32 characters or well known. The message does not show the key.
 */
export function readSecretKeys(option: unknown): Buffer[] {
  const list: unknown[] = Array.isArray(option) && option.length > 0 ? option : [option];
  return list.map((key, index) => {
    const name = list.length > 1 ? `secretKey number ${index + 1}` : "secretKey";
    const text = key instanceof Secret ? key.reveal() : key;
    const isText = typeof text === "string" && text.trim() !== "";
    const fault = isText ? weaknessOf(text) : whyNotText(text);
    if (fault !== undefined) {
      const message = `${name} ${fault}; \`npx galleta secret\` prints a strong one.`;
      if (!isText || process.env["NODE_ENV"] === "production") {
        throw new SessionError("ERR_SESSION_KEY", message);
      }
      // oxlint-disable-next-line no-console -- a weak key is easy to change now
      console.warn(`[galleta] ${message} With NODE_ENV=production, this is an error.`);
    }
    return Buffer.from(text as string);
  });
}

const whyNotText = (key: unknown) =>
  typeof key === "string" || key === undefined || key === null
    ? "is missing or empty"
    : "is not a string, a Secret, or a list of them";

/**
 * Returns the reason why a secret key is too weak for production.
 *
 * @returns `undefined` for a strong key
 */
export function weaknessOf(key: string): string | undefined {
  if (key.length < STRONG_CHARACTERS) return `has fewer than ${STRONG_CHARACTERS} characters`;
  if (new Set(key).size < 8) return "repeats a few characters";
  if (WELL_KNOWN.has(fingerprint(key.toLowerCase()))) return "is a well-known example";
  return undefined;
}

/**
 * Returns a 64-bit hash of a secret key, similar to FNV-1a. The hash finds well-known keys, which
 * are public, so a weak one is enough. The first SHA-256 of a process would load OpenSSL, which
 * takes a fifth of the set-up time.
 */
function fingerprint(key: string): string {
  let [one, two] = [0x811c_9dc5, 0];
  for (let at = 0; at < key.length; at += 1) {
    one = Math.imul(one ^ key.charCodeAt(at), 0x0100_0193);
    two = Math.imul(two ^ one, 0x85eb_ca6b);
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36);
}
