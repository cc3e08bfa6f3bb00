import { Buffer } from "node:buffer";
import type { SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { reject, utf8 } from "./bounds.ts";
import { readTags, writeTags } from "./flask-tags.ts";
import { hmacKey, timestampSigner } from "./itsdangerous.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";
import { createSigner, DIGESTS, type Digest } from "./signer.ts";
import { oneOf, TEXT } from "../validate.ts";
import {
  COOKIE_NAME,
  readFormatOptions,
  readKeys,
  SECONDS,
  type FormatRules,
} from "./format-options.ts";
import { pack, unpack } from "./packed.ts";
import { timedFormat } from "./timed-format.ts";

/** Options of {@link flask}. */
export interface FlaskOptions {
  /**
   * Flask's setting `SECRET_KEY`, or a list of it and the `SECRET_KEY_FALLBACKS`. The first key
   * signs cookies; all keys verify them.
   */
  secretKey: SecretKeys;
  /** The setting `SESSION_COOKIE_NAME`. Default `"session"`. */
  sessionCookie?: string | undefined;
  /**
   * The setting `PERMANENT_SESSION_LIFETIME` in seconds. Default 31 days; null accepts cookies of
   * any age.
   */
  maxAge?: number | null | undefined;
  /** The attribute `salt` of the session interface. Default `"cookie-session"`. */
  salt?: string | undefined;
  /** The attribute `digest_method` of the session interface. Default `"sha1"`. */
  digest?: Digest | undefined;
}

const FORMAT = "flask";
const DAY = 86_400;
const RULES: FormatRules<FlaskOptions> = {
  sessionCookie: [COOKIE_NAME, "session"],
  maxAge: [SECONDS, 31 * DAY],
  salt: [TEXT, "cookie-session"],
  digest: [oneOf(...DIGESTS), "sha1"],
};
/** How Flask's TaggedJSONSerializer writes JSON. */
const STYLE: JsonStyle = { numbers: "python", transform: writeTags };

/**
 * Reads and writes the session cookie of Flask. It contains tagged JSON with sorted keys in
 * base64url (compressed with zlib if that is shorter), the time, and an HMAC, in the layout of
 * itsdangerous' `URLSafeTimedSerializer`.
 *
 * Values that JSON lacks appear in the session in Flask's tagged form, and are written back
 * unchanged: a tuple is `{ " t": [1, 2] }`, bytes `{ " b": "AP8=" }`, a UUID `{ " u": "..." }`, a
 * datetime `{ " d": "Wed, 01 Jan 2025 00:00:00 GMT" }`, Markup `{ " m": "<b>" }`; integers over
 * 2^53 - 1, NaN and Infinity are `{ "$number": "NaN" }`. This reader is stricter than Flask:
 * payload and signature must be canonical base64url (RFC 4648 §3.5), and sizes are bounded, also
 * after zlib.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong
 * @example
 * ```ts
 * const shared = flask({ secretKey: THEIR_KEY });
 * createSessions({ secretKey, writeAs: shared });
 * ```
 */
export function flask(options: FlaskOptions): SessionFormat {
  const { sessionCookie, maxAge, salt, digest } = readFormatOptions(FORMAT, options, RULES);
  const keys = readKeys(FORMAT, options.secretKey).map((key) => hmacKey(key, salt, digest));
  return timedFormat({
    name: FORMAT,
    cookieName: sessionCookie,
    timed: timestampSigner(createSigner(digest, keys)),
    maxAge,
    skew: 0,
    decode(value) {
      const bytes = unpack(value);
      if ("ok" in bytes) return bytes;
      const cookie = parseForeignObject(utf8(bytes) ?? "", "python");
      const data = cookie === undefined ? undefined : readTags(cookie);
      return data === undefined ? reject("payload") : { data };
    },
    encode: (data) => pack(Buffer.from(writeForeignObject(data, STYLE))),
  });
}
