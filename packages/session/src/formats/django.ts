import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { fromBase62, toBase62 } from "./base62.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";
import { createSigner } from "./signer.ts";
import { TEXT } from "../validate.ts";
import {
  COOKIE_NAME,
  readFormatOptions,
  readKeys,
  SECONDS,
  type FormatRules,
} from "./format-options.ts";
import { reject } from "./bounds.ts";
import { pack, unpack } from "./packed.ts";
import { CLOCK_SKEW } from "./timed.ts";
import { timedFormat } from "./timed-format.ts";

/** Options of {@link django}. */
export interface DjangoOptions {
  /**
   * Django's setting `SECRET_KEY`, or a list of it and the `SECRET_KEY_FALLBACKS`. The first key
   * signs cookies; all keys verify them.
   */
  secretKey: SecretKeys;
  /** The setting `SESSION_COOKIE_NAME`. Default `"sessionid"`. */
  sessionCookie?: string | undefined;
  /**
   * The setting `SESSION_COOKIE_AGE` in seconds. Default 14 days; null accepts cookies of any age.
   */
  maxAge?: number | null | undefined;
  /** The salt of the session back end. Default `"django.contrib.sessions.backends.signed_cookies"`. */
  salt?: string | undefined;
}

const FORMAT = "django";
const DAY = 86_400;
const SALT = "django.contrib.sessions.backends.signed_cookies";
const RULES: FormatRules<DjangoOptions> = {
  sessionCookie: [COOKIE_NAME, "sessionid"],
  maxAge: [SECONDS, 14 * DAY],
  salt: [TEXT, SALT],
};
/**
 * How Django's JSONSerializer writes JSON. It reads bytes as Latin-1, so all non-ASCII characters
 * are escaped.
 */
const STYLE: JsonStyle = { numbers: "python", ascii: true };

/**
 * Reads and writes the session cookie of Django's `signed_cookies` back end. It contains the JSON
 * of `JSONSerializer` in base64url (compressed with zlib if that is shorter), the time in base 62,
 * and an HMAC-SHA-256.
 *
 * This reader is stricter than Django: it rejects pickled sessions, signatures with SHA-1 (Django
 * 3.1 and before), cookies over a size limit, and times more than 60 seconds ahead. Values that
 * Python's JSON has and JavaScript lacks (integers over 2^53 - 1, NaN, Infinity) appear in the
 * session as `{ "$number": "NaN" }` and are written back unchanged.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong
 * @example
 * ```ts
 * const shared = django({ secretKey: [THEIR_KEY, THEIR_OLD_KEY] });
 * createSessions({ secretKey, formats: [shared] });
 * ```
 */
export function django(options: DjangoOptions): SessionFormat {
  const { sessionCookie, maxAge, salt } = readFormatOptions(FORMAT, options, RULES);
  const keys = readKeys(FORMAT, options.secretKey).map((key) =>
    createHash("sha256").update(`${salt}signer${key}`, "utf8").digest(),
  );
  return timedFormat({
    name: FORMAT,
    cookieName: sessionCookie,
    timed: {
      signer: createSigner("sha256", keys),
      separator: ":",
      encodeTime: toBase62,
      decodeTime: fromBase62,
    },
    maxAge,
    skew: CLOCK_SKEW,
    decode(value) {
      const bytes = unpack(value);
      if ("ok" in bytes) return bytes;
      const data = parseForeignObject(bytes.toString("latin1"), "python");
      return data === undefined ? reject("payload") : { data };
    },
    encode: (data) => pack(Buffer.from(writeForeignObject(data, STYLE))),
  });
}
