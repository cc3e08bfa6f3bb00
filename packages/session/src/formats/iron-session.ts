import { randomBytes } from "node:crypto";
import { Secret } from "../secret.ts";
import type { CookieSource, FormatReading, SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { MAX_COOKIE_CHARS, reject, utf8 } from "./bounds.ts";
import { seal, unseal, type SealPassword } from "./iron.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";
import { optionError } from "../errors.ts";
import { SWITCH } from "../validate.ts";
import {
  COOKIE_NAME,
  readFormatOptions,
  readKeys,
  SECONDS,
  type FormatRules,
} from "./format-options.ts";
import { CLOCK_SKEW } from "./timed.ts";

/** Options of {@link ironSession}. */
export interface IronSessionOptions {
  /**
   * The option `password` of iron-session, at least 32 characters. In a map `{ 1: old, 2: new }`,
   * the password with the highest id encrypts cookies, and all decrypt them. In a list, the first
   * password encrypts, and the last one has the id 1.
   */
  secretKey: SecretKeys | Readonly<Record<number, string | Secret>>;
  /** The option `cookieName`. It is required, as in iron-session. */
  sessionCookie: string;
  /**
   * The option `ttl` of iron-session: how many seconds a cookie stays valid. Default 14 days; 0 for
   * cookies that do not expire.
   */
  ttl?: number | undefined;
  /**
   * Also reads cookies that iron-session 9 split into `name.0` to `name.3`. Default false, as in
   * iron-session.
   */
  chunk?: boolean | undefined;
}

const FORMAT = "iron-session";
const DAY = 86_400;
const MIN_PASSWORD = 32;
const VERSION = "~2";
const CHUNKS = [0, 1, 2, 3];
const RULES: FormatRules<IronSessionOptions> = {
  sessionCookie: [COOKIE_NAME],
  ttl: [SECONDS, 14 * DAY],
  chunk: [SWITCH, false],
};
const STYLE: JsonStyle = { numbers: "js" };

/**
 * Reads and writes the session cookie of iron-session 8 and 9. It is a seal of @hapi/iron: JSON in
 * AES-256-CBC with an HMAC-SHA-256, a password id and an expiry time.
 *
 * As in iron-session, a seal stays valid for 60 seconds after its expiry, because clocks differ.
 * This reader is stricter: the seal must end in `~2`, its parts must be canonical, and sizes are
 * bounded.
 *
 * The writer uses one cookie. Its seal expires after `ttl`, or with the cookie's Max-Age if that is
 * sooner.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong
 * @example
 * ```ts
 * const old = ironSession({ secretKey: THEIR_PASSWORD, sessionCookie: "auth" });
 * createSessions({ secretKey, formats: [old] });
 * ```
 */
export function ironSession(options: IronSessionOptions): SessionFormat {
  const { sessionCookie: name, ttl, chunk } = readFormatOptions(FORMAT, options, RULES);
  const passwords = readPasswords(options.secretKey);
  const chunkNames = chunk ? CHUNKS.map((index) => `${name}.${index}`) : [];
  const maxChars = MAX_COOKIE_CHARS * (chunkNames.length > 0 ? 2 : 1);

  const open = (value: string, now: number): FormatReading => {
    if (value.length > maxChars) return reject("too-large");
    if (!value.endsWith(VERSION)) return reject("version");
    const opened = unseal(value.slice(0, -VERSION.length), passwords);
    if ("reason" in opened) return reject(opened.reason);
    const { bytes, expiration } = opened;
    if (expiration !== undefined && expiration <= (now - CLOCK_SKEW) * 1000)
      return reject("expired");
    const data = parseForeignObject(utf8(bytes) ?? "", "js");
    if (data === undefined) return reject("payload");
    const reading = { ok: true, data, keyIndex: passwords.indexOf(opened.password) } as const;
    return expiration === undefined
      ? reading
      : { ...reading, expiresAt: Math.floor(expiration / 1000) };
  };

  return {
    name: FORMAT,
    cookieNames: [name, ...chunkNames],
    read(cookies, now) {
      const value = cookies.get(name) ?? joinChunks(cookies, chunkNames);
      return value === undefined ? undefined : open(value, now);
    },
    write(data, now, maxAge) {
      const [password] = passwords;
      const age = Math.min(ttl || Infinity, maxAge ?? Infinity);
      const expiration = age === Infinity ? undefined : Math.floor(now + age) * 1000;
      const text = seal(writeForeignObject(data, STYLE), password, expiration, {
        encryption: randomBytes(32).toString("hex"),
        mac: randomBytes(32).toString("hex"),
        iv: randomBytes(16),
      });
      return [{ name, value: text + VERSION }];
    },
  };
}

/**
 * Joins the chunks of a split cookie up to the first missing one, as iron-session does. If chunks
 * are missing, the MAC does not match and the cookie is rejected.
 */
function joinChunks(cookies: CookieSource, names: readonly string[]): string | undefined {
  let joined: string | undefined;
  for (const name of names) {
    const chunk = cookies.get(name);
    if (chunk === undefined) break;
    joined = (joined ?? "") + chunk;
  }
  return joined;
}

type Passwords = readonly [SealPassword, ...SealPassword[]];

/**
 * Checks the option `secretKey` and returns the passwords with their ids. The first password
 * encrypts new cookies.
 */
function readPasswords(keys: IronSessionOptions["secretKey"]): Passwords {
  const map = isMap(keys) ? keys : undefined;
  const ids = map === undefined ? [] : Object.keys(map).map(Number);
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 0)) {
    throw optionError("The ids of secretKey must be whole numbers, as in { 1: old, 2: new }.");
  }
  ids.sort((a, b) => b - a);
  const list: SecretKeys =
    map === undefined ? (keys as SecretKeys) : ids.map((id) => map[id] ?? "");
  const texts = readKeys(FORMAT, list, MIN_PASSWORD);
  const passwords = texts.map((text, i) => ({ id: String(ids[i] ?? texts.length - i), text }));
  return passwords as [SealPassword, ...SealPassword[]];
}

function isMap(
  keys: IronSessionOptions["secretKey"],
): keys is Readonly<Record<number, string | Secret>> {
  return (
    typeof keys === "object" && keys !== null && !Array.isArray(keys) && !(keys instanceof Secret)
  );
}
