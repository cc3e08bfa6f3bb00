import { createSecretKey, pbkdf2Sync, randomBytes, type KeyObject } from "node:crypto";
import type { FormatReading, SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { MAX_COOKIE_CHARS, reject, utf8 } from "./bounds.ts";
import { integer, oneOf, TEXT, type Rules } from "../validate.ts";
import { COOKIE_NAME, readFormatOptions, readKeys } from "./format-options.ts";
import { readEnvelope, writeEnvelope } from "./rails-envelope.ts";
import { decryptMessage, encryptMessage, splitMessage } from "./rails-message.ts";

/** Options of {@link rails}. */
export interface RailsOptions {
  /** The setting `secret_key_base`. In a list the first key encrypts and all decrypt. */
  secretKey: SecretKeys;
  /** The option `key` of Rails' session store: the name of the cookie, such as `"_app_session"`. */
  sessionCookie: string;
  /**
   * The setting `key_generator_hash_digest_class`: `"sha256"` (default, Rails 7) or `"sha1"` (6.1
   * and before).
   */
  digest?: "sha256" | "sha1" | undefined;
  /**
   * The setting `authenticated_encrypted_cookie_salt`. Default `"authenticated encrypted cookie"`.
   */
  salt?: string | undefined;
  /** Rounds of PBKDF2 in the key generator. Default 1000, the constant in Rails. */
  iterations?: number | undefined;
}

/** The checked options of the format for Rails, except `secretKey`. */
interface CheckedRails {
  readonly sessionCookie: string;
  readonly digest: "sha256" | "sha1";
  readonly salt: string;
  readonly iterations: number;
}

const FORMAT = "rails";
const RULES: Rules<CheckedRails> = {
  sessionCookie: [COOKIE_NAME],
  digest: [oneOf("sha256", "sha1"), "sha256"],
  salt: [TEXT, "authenticated encrypted cookie"],
  iterations: [integer(1, 10_000_000, "a whole number, 1 to 10,000,000"), 1000],
};

/**
 * Reads and writes the encrypted session cookie of Rails 7 and later (6.1 with `digest: "sha1"`).
 * It uses AES-256-GCM with a key derived by PBKDF2, and `cookies_serializer = :json`.
 *
 * This reader is stricter than Rails: the message must have the cookie's name as its purpose (Rails
 * also accepts messages without purpose), must be canonical, and must contain JSON. It rejects a
 * session that `:marshal` wrote. As in Rails, a session without a `session_id` gets one when it is
 * written. Integers over 2^53 - 1 appear in the session as `{ "$number": "12345678901234567890" }`
 * and are written back unchanged.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong
 * @example
 * ```ts
 * const shared = rails({ secretKey: SECRET_KEY_BASE, sessionCookie: "_app_session" });
 * createSessions({ secretKey, writeAs: shared });
 * ```
 */
export function rails(options: RailsOptions): SessionFormat {
  const { sessionCookie: name, ...derivation } = readFormatOptions(FORMAT, options, RULES);
  const keys = deriveKeys(options.secretKey, derivation);
  const [first] = keys;
  const purpose = `cookie.${name}`;

  const open = (value: string, now: number): FormatReading => {
    if (value.length > MAX_COOKIE_CHARS) return reject("too-large");
    const message = splitMessage(value);
    if (message === undefined) return reject("not-canonical");
    for (const [keyIndex, key] of keys.entries()) {
      const bytes = decryptMessage(message, key);
      if (bytes !== undefined) return readEnvelope(utf8(bytes) ?? "", purpose, now, keyIndex);
    }
    return reject("decryption");
  };

  return {
    name: FORMAT,
    cookieNames: [name],
    read(cookies, now) {
      const value = cookies.get(name);
      return value === undefined ? undefined : open(value, now);
    },
    write(data, now, maxAge) {
      const text = writeEnvelope(data, purpose, maxAge === null ? undefined : now + maxAge);
      return [{ name, value: encryptMessage(text, first, randomBytes(12)) }];
    },
  };
}

/** Derives the encryption keys. PBKDF2 takes milliseconds, so it runs once, at set-up. */
function deriveKeys(
  secretKey: SecretKeys,
  { digest, salt, iterations }: Omit<CheckedRails, "sessionCookie">,
): readonly [KeyObject, ...KeyObject[]] {
  const keys = readKeys(FORMAT, secretKey).map((secret) =>
    createSecretKey(pbkdf2Sync(secret, salt, iterations, 32, digest)),
  );
  return keys as [KeyObject, ...KeyObject[]];
}
