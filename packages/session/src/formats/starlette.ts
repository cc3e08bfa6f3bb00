import { Buffer } from "node:buffer";
import type { SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { fromBase64, reject, utf8 } from "./bounds.ts";
import { concatKey, timestampSigner } from "./itsdangerous.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";
import { createSigner } from "./signer.ts";
import {
  COOKIE_NAME,
  readFormatOptions,
  readKeys,
  SECONDS,
  type FormatRules,
} from "./format-options.ts";
import { timedFormat } from "./timed-format.ts";

/**
 * Options of {@link starlette}, with the names of Starlette's `SessionMiddleware` in camel case.
 */
export interface StarletteOptions {
  /** The option `secret_key`. In a list the first key signs and all verify. */
  secretKey: SecretKeys;
  /** The option `session_cookie`. Default `"session"`. */
  sessionCookie?: string | undefined;
  /** The option `max_age` in seconds. Default 14 days; null accepts cookies of any age. */
  maxAge?: number | null | undefined;
}

const FORMAT = "starlette";
const DAY = 86_400;
const RULES: FormatRules<StarletteOptions> = {
  sessionCookie: [COOKIE_NAME, "session"],
  maxAge: [SECONDS, 14 * DAY],
};
const STYLE: JsonStyle = { numbers: "python" };

/**
 * Reads and writes the session cookie of Starlette's `SessionMiddleware`, which FastAPI and
 * Bocadillo use too. It contains base64 of JSON, the time, and an HMAC-SHA-1, in the layout of
 * itsdangerous' `TimestampSigner`.
 *
 * This reader is stricter than Starlette: payload and signature must be canonical base64 (RFC 4648
 * §3.5), and sizes are bounded. Values that Python's JSON has and JavaScript lacks (integers over
 * 2^53 - 1, NaN, Infinity) appear in the session as `{ "$number": "NaN" }` and are written back
 * unchanged.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong
 * @example
 * ```ts
 * const shared = starlette({ secretKey: THEIR_KEY });
 * createSessions({ secretKey, writeAs: shared });
 * ```
 */
export function starlette(options: StarletteOptions): SessionFormat {
  const { sessionCookie, maxAge } = readFormatOptions(FORMAT, options, RULES);
  const keys = readKeys(FORMAT, options.secretKey).map((key) =>
    concatKey(key, "itsdangerous.Signer"),
  );
  return timedFormat({
    name: FORMAT,
    cookieName: sessionCookie,
    timed: timestampSigner(createSigner("sha1", keys)),
    maxAge,
    skew: 0,
    decode(value) {
      const bytes = fromBase64(value);
      if (bytes === undefined) return reject("not-canonical");
      const data = parseForeignObject(utf8(bytes) ?? "", "python");
      return data === undefined ? reject("payload") : { data };
    },
    encode: (data) => Buffer.from(writeForeignObject(data, STYLE)).toString("base64"),
  });
}
