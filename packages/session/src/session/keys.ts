import { Buffer } from "node:buffer";
import process from "node:process";
import { SessionError } from "../errors.ts";
import { Secret } from "../secret.ts";

/** Characters below which a key can be guessed. */
const STRONG_CHARACTERS = 32;

// Keys that stand in documentation, tutorials and templates: the first that an attacker tries.
const WELL_KNOWN = new Set(
  [
    "secret",
    "changeme",
    "change-me",
    "keyboard cat",
    "your-secret-key",
    "your_secret_key",
    "shhhhh",
    "complex_password_at_least_32_characters_long",
    "a-very-long-secret-key-that-is-at-least-32-characters",
    "averylogphrasebiggerthanthirtytwochars",
    "this-is-a-secret-value-with-at-least-32-characters",
    "your-256-bit-secret",
    "super-secret-key-of-at-least-32-characters",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
  ].map((key) => key.toLowerCase()),
);

/** One secret key, or a list: the first signs, all verify. */
export type SecretKeys = string | Secret | readonly (string | Secret)[];

/**
 * Checks the secret keys and gives their bytes.
 *
 * @throws SessionError `ERR_SESSION_KEY` when a key is missing, empty or, with
 * `NODE_ENV=production`, shorter than 32 characters or well known. The message shows no key.
 */
export function readSecretKeys(option: unknown): Buffer[] {
  const list: unknown[] = Array.isArray(option) ? option : [option];
  if (list.length === 0) throw missing("secretKey is an empty list; give it at least one key.");
  return list.map((key, index) =>
    readSecretKey(key, list.length > 1 ? ` number ${index + 1}` : ""),
  );
}

const missing = (message: string) => new SessionError("ERR_SESSION_KEY", message);

function readSecretKey(key: unknown, which: string): Buffer {
  const text = key instanceof Secret ? key.reveal() : key;
  if (typeof text !== "string") {
    throw missing(`secretKey${which} is missing: set it to a string or a Secret.`);
  }
  if (text.trim() === "") throw missing(`secretKey${which} is empty.`);
  const weakness = weaknessOf(text);
  if (weakness !== undefined) {
    const message = `secretKey${which} ${weakness}; \`npx galleta secret\` prints a strong one.`;
    if (process.env["NODE_ENV"] === "production") throw missing(message);
    // oxlint-disable-next-line no-console -- a weak key is to be seen while it can be changed
    console.warn(`[galleta] ${message} It is refused with NODE_ENV=production.`);
  }
  return Buffer.from(text, "utf8");
}

/**
 * Why a key is too weak for production.
 * @returns `undefined` where it is not
 */
export function weaknessOf(key: string): string | undefined {
  if (WELL_KNOWN.has(key.toLowerCase())) return "is a well-known example";
  if (key.length < STRONG_CHARACTERS) return `has fewer than ${STRONG_CHARACTERS} characters`;
  if (new Set(key).size < 8) return "repeats the same few characters";
  return undefined;
}
