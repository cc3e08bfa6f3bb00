import { Buffer } from "node:buffer";
import { SessionError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { shortHash } from "./hash.ts";

/** The shortest key, in characters, that cannot be guessed. */
const STRONG_CHARACTERS = 32;

// Keys from documentation, tutorials and templates (of FastAPI, Flask, iron-session,
// @fastify/session and others), which attackers try first. Each entry is the first 36 bits of the
//   SHA-256 of a key in lower case, so the source contains no key. One random key in 10,000,000,000
//   matches by chance. Keys shorter than 32 characters need no entry.
const WELL_KNOWN = /^(?:BFjj85|U6k0mI|jk24qq|V4wG_c|rgkKvu|Vw2tQ9|JZj31q)/;

/** One secret key, or a list. The first key signs, all of them verify. */
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
    const fault = isText ? weaknessOf(text) : "is missing or empty";
    if (fault !== undefined) {
      const message = `${name} ${fault}; \`npx galleta secret\` prints a strong one.`;
      if (!isText || process.env["NODE_ENV"] === "production") {
        throw new SessionError("ERR_SESSION_KEY", message);
      }
      // oxlint-disable-next-line no-console -- a weak key is easy to change now
      console.warn(`[galleta] ${message} NODE_ENV=production refuses it.`);
    }
    return Buffer.from(text as string);
  });
}

/**
 * Returns the reason why a key is too weak for production.
 *
 * @returns `undefined` for a strong key
 */
export function weaknessOf(key: string): string | undefined {
  if (key.length < STRONG_CHARACTERS) return `has fewer than ${STRONG_CHARACTERS} characters`;
  if (new Set(key).size < 8) return "repeats a few characters";
  if (WELL_KNOWN.test(shortHash(key.toLowerCase()))) return "is a well-known example";
  return undefined;
}
