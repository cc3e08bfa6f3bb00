import { createSecretKey, pbkdf2Sync, randomBytes, type KeyObject } from "node:crypto";
import type { FormatReading, SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/keys.ts";
import { MAX_COOKIE_CHARS, reject, utf8 } from "./bounds.ts";
import {
  badOption,
  checkNames,
  readChoice,
  readCookieName,
  readKeys,
  readText,
} from "./options.ts";
import { readEnvelope, writeEnvelope } from "./rails-envelope.ts";
import { decryptMessage, encryptMessage, splitMessage } from "./rails-message.ts";

/** Options of {@link rails}. */
export interface RailsOptions {
  /** `secret_key_base`. Of a list the first encrypts and all decrypt. */
  secretKey: SecretKeys;
  /** The session store's `key`, such as `"_app_session"`. */
  sessionCookie: string;
  /** `key_generator_hash_digest_class`: `"sha256"` (default, Rails 7) or `"sha1"` (6.1 and before). */
  digest?: "sha256" | "sha1" | undefined;
  /** `authenticated_encrypted_cookie_salt`. Default `"authenticated encrypted cookie"`. */
  salt?: string | undefined;
  /** Rounds of PBKDF2 in the key generator. Default 1000, which Rails fixes. */
  iterations?: number | undefined;
}

const FORMAT = "rails";

/**
 * The encrypted session cookie of Ruby on Rails 7 and later (6.1 with `digest: "sha1"`):
 * AES-256-GCM under a key of PBKDF2, with `cookies_serializer = :json`.
 *
 * Stricter than Rails: the message must name the cookie as its purpose (Rails also takes one without
 * purpose), must be canonical, and must hold JSON; a session that `:marshal` wrote is refused. As
 * Rails does, a session without a `session_id` gets one when it is written. Integers over 2^53 - 1
 * stand in the session as `{ "$number": "12345678901234567890" }` and are written back as they were.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` when an option is wrong
 * @example
 * ```ts
 * const shared = rails({ secretKey: SECRET_KEY_BASE, sessionCookie: "_app_session" });
 * createSessions({ secretKey, writeAs: shared });
 * ```
 */
export function rails(options: RailsOptions): SessionFormat {
  checkNames(FORMAT, options, ["secretKey", "sessionCookie", "digest", "salt", "iterations"]);
  const name = readCookieName(FORMAT, options.sessionCookie, undefined);
  const keys = deriveKeys(options);
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

/** PBKDF2 takes milliseconds: done once, at set-up. */
function deriveKeys(options: RailsOptions): readonly [KeyObject, ...KeyObject[]] {
  const digest = readChoice(FORMAT, "digest", options.digest, ["sha256", "sha1"]);
  const salt = readText(FORMAT, "salt", options.salt, "authenticated encrypted cookie");
  const { iterations = 1000 } = options;
  if (!Number.isSafeInteger(iterations) || iterations < 1 || iterations > 10_000_000) {
    badOption(FORMAT, "iterations must be a whole number, 1 or more.");
  }
  const keys = readKeys(FORMAT, options.secretKey).map((secret) =>
    createSecretKey(pbkdf2Sync(secret, salt, iterations, 32, digest)),
  );
  return keys as [KeyObject, ...KeyObject[]];
}
