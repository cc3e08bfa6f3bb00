import { Buffer } from "node:buffer";
import { optionError } from "../errors.ts";
import type { CookieSource, FormatReading, StoredFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { askStore } from "../store/limit.ts";
import { checkOption, checkOptionNames, textThat } from "../validate.ts";
import { fromBase64, MAX_COOKIE_CHARS, MAX_JSON_BYTES, reject } from "./bounds.ts";
import { COOKIE_NAME, readKeys } from "./format-options.ts";
import { parseForeignObject } from "./json-read.ts";
import { createSigner, type Signer } from "./signer.ts";

/**
 * A store for express-session, such as connect-redis, connect-pg-simple or memorystore. Galleta
 * calls only its method `get`.
 */
export interface ExpressSessionStore {
  get(sid: string, done: (error?: unknown, session?: never) => void): unknown;
}

/** Options of {@link expressSession}. */
export interface ExpressSessionOptions {
  /** The option `secret` of express-session, or a list of secrets. */
  secret: SecretKeys;
  /** The store that you pass to express-session. Galleta only reads it. */
  store: ExpressSessionStore;
  /** The option `name` of express-session. Default `"connect.sid"`. */
  sessionCookie?: string | undefined;
  /**
   * The text before the session's id in the cookie's value. Default `"s:"`. Set `""` to read the
   * cookies of @fastify/session.
   */
  cookiePrefix?: string | undefined;
  /** How many seconds the store may take to answer. Default 1. */
  timeout?: number | undefined;
}

const FORMAT = "express-session";
const OPTIONS = ["secret", "store", "sessionCookie", "cookiePrefix", "timeout"];
const PREFIX = textThat((text) => text.length <= 16, "a string of at most 16 characters");

/**
 * Reads the sessions that express-session keeps in a store. Users then stay logged in when an app
 * moves to Galleta. The cookie `connect.sid` contains the session's id and its HMAC-SHA-256; the
 * store contains the data.
 *
 * The data and the expiry of each session are kept; the property `cookie` is left out. Galleta only
 * reads the store: the old sessions stay there until they expire. This reader is stricter than
 * express-session: the signature must be canonical base64, and sizes are bounded. The option
 * `writeAs` does not accept this format.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong; using the
 *   session throws `ERR_SESSION_STORE` (503) if the store fails
 * @example
 * ```ts
 * import { expressSession } from "@galleta/session/formats/express-session";
 * const old = expressSession({ secret: THEIR_KEY, store: theirStore });
 * createSessions({ secretKey, formats: [old] });
 * ```
 */
export function expressSession(options: ExpressSessionOptions): StoredFormat {
  checkOptionNames(options, OPTIONS, `option of ${FORMAT}`);
  const { secret, store, timeout = 1 } = options;
  const { sessionCookie = "connect.sid", cookiePrefix = "s:" } = options;
  checkOption("sessionCookie", sessionCookie, COOKIE_NAME);
  checkOption("cookiePrefix", cookiePrefix, PREFIX);
  checkStore(store);
  if (!(timeout > 0 && timeout <= 60))
    throw optionError("timeout must be a number of seconds, at most 60.");
  const keys = readKeys(FORMAT, secret).map((key) => Buffer.from(key, "utf8"));
  const signer = createSigner("sha256", keys);
  const open = (cookies: CookieSource) => openCookie(cookies, sessionCookie, cookiePrefix, signer);

  return {
    name: FORMAT,
    cookieNames: [sessionCookie],
    isGenuine: (cookies) => "sid" in (open(cookies) ?? {}),
    load(cookies) {
      const opened = open(cookies);
      if (opened === undefined) return undefined;
      if ("ok" in opened) return opened;
      const session = askStore(() => ask(store, opened.sid), timeout * 1000);
      return session.then((found) => readingOf(found, opened.keyIndex));
    },
  };
}

function checkStore(store: Partial<ExpressSessionStore> | undefined): void {
  if (typeof store?.get === "function" && !("replace" in store)) return;
  throw optionError(
    "store must be the store that you pass to express-session, such as new RedisStore({ client }).",
  );
}

/** Verifies the cookie `<prefix><id>.<signature>` and returns the session's id. */
function openCookie(
  cookies: CookieSource,
  name: string,
  prefix: string,
  signer: Signer,
): { sid: string; keyIndex: number } | Extract<FormatReading, { ok: false }> | undefined {
  const value = cookies.get(name);
  if (value === undefined) return undefined;
  if (value.length > MAX_COOKIE_CHARS) return reject("too-large");
  const text = decode(value);
  const dot = text.lastIndexOf(".");
  if (!text.startsWith(prefix) || dot <= prefix.length) return reject("malformed");
  const [sid, signature] = [text.slice(prefix.length, dot), text.slice(dot + 1)];
  const mac = fromBase64(`${signature}=`);
  if (mac === undefined) return reject("not-canonical");
  const keyIndex = signer.verify(sid, mac);
  return keyIndex < 0 ? reject("mac") : { sid, keyIndex };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}

/**
 * Reads a session from a store of express-session. The store calls a callback. Some stores also
 * return a promise, whose rejection counts as a failure of the store.
 */
function ask(store: ExpressSessionStore, sid: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const given: unknown = store.get(sid, (error, session) => {
      // A missing file is a missing session, as in express-session.
      if (error && (error as NodeJS.ErrnoException).code !== "ENOENT") reject(error as Error);
      else resolve(error ? undefined : session);
    });
    if (given instanceof Promise) given.catch(reject);
  });
}

/**
 * A session as a store of express-session returns it: the data, and the property `cookie` with the
 * expiry.
 */
interface Kept {
  readonly cookie?: { readonly expires?: unknown; readonly originalMaxAge?: unknown };
}

function readingOf(found: unknown, keyIndex: number): FormatReading {
  // For other values express-session silently begins a new session.
  if (typeof found !== "object" || found === null) return reject("expired");
  const { cookie, ...kept } = found as Kept;
  const json = JSON.stringify(kept);
  if (json.length > MAX_JSON_BYTES) return reject("too-large");
  const data = parseForeignObject(json, "js");
  if (data === undefined) return reject("payload");
  const end = secondsOf(cookie?.expires);
  if (end === undefined) return { ok: true, data, keyIndex };
  const reading = { ok: true, data, keyIndex, expiresAt: end } as const;
  const { originalMaxAge } = cookie ?? {};
  // The time of the last `touch`.
  return typeof originalMaxAge === "number"
    ? { ...reading, issuedAt: end - Math.round(originalMaxAge / 1000) }
    : reading;
}

/**
 * Converts a date, or a date in JSON, to seconds since 1970. Returns `undefined` for any other
 * value, such as null.
 */
function secondsOf(expires: unknown): number | undefined {
  if (typeof expires !== "string" && !(expires instanceof Date)) return undefined;
  const seconds = Math.floor(new Date(expires).getTime() / 1000);
  return Number.isFinite(seconds) ? seconds : undefined;
}
