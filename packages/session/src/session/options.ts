import { isCookieDomain, isCookieName, isCookiePath } from "../cookie/rules.ts";
import { MAX_TOTAL } from "../cookie/chunks.ts";
import { COOKIE_LIMIT } from "../cookie/serialize.ts";
import type { SessionListener } from "./event-types.ts";
import type { AnyFormat, JsonObject, SessionFormat, StoredFormat } from "./format.ts";
import { LIFETIME } from "./lifetime.ts";
import type { SecretKeys } from "./secret-keys.ts";
import { FUNCTION, listOf, oneOf, SWITCH, type Check, type Rules } from "../validate.ts";
import type { StandardSchema } from "./schema.ts";

/**
 * The options of session cookies. They include the options of Starlette's SessionMiddleware, in
 * camel case and with the same defaults.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- options without a schema fit any data
export interface SessionCookieOptions<Data = any> {
  /**
   * The key that signs and encrypts cookies. With a list, the first key is used for new cookies,
   * and cookies of all keys are accepted (rotation).
   */
  readonly secretKey: SecretKeys;
  /** The name of the session's cookie. Default: the value of the option `property`. */
  readonly sessionCookie?: string | undefined;
  /**
   * The property of a request or socket that holds the session. Set it for a second session:
   * `property: "prefs"` makes it `req.prefs`. Default "session".
   */
  readonly property?: string | undefined;
  /** Seconds until an unused session ends; null keeps the cookie until the browser closes. Default 14 days. */
  readonly maxAge?: number | null | undefined;
  /** The path of the session's cookie. Default: the option `publicPath`, or "/". */
  readonly path?: string | undefined;
  /**
   * The path prefix that a proxy removes from requests, such as "/app". The cookie's `path`,
   * redirects by Galleta and addresses sent to pages begin with this prefix. Default: none.
   */
  readonly publicPath?: string | undefined;
  /** The cookie's `SameSite` attribute. Default "lax". */
  readonly sameSite?: "lax" | "strict" | "none" | undefined;
  /**
   * Sets the cookie's `Secure` attribute; "auto" sets it if the request came over TLS. Default
   * false.
   */
  readonly httpsOnly?: boolean | "auto" | undefined;
  /** Also sends the cookie to the subdomains of this domain. Default: only this host gets it. */
  readonly domain?: string | undefined;
  /** Sets the cookie's `Partitioned` attribute (CHIPS); needs `httpsOnly`. Default false. */
  readonly partitioned?: boolean | undefined;
  /**
   * Attributes that the app's session cookie had before: `[{ domain: "example.com" }]`. Browsers
   * may still have such cookies, so each response that sets the cookie also deletes them. An
   * attribute that you leave out has its default. Default: none.
   */
  readonly formerly?: readonly FormerAttributes[] | undefined;
  /**
   * Encrypts the session's data in the cookie, with AES-256-CTR. Default false: the client can read
   * the data.
   */
  readonly encrypt?: boolean | undefined;
  /**
   * The kinds of cookies to accept, "signed" or "encrypted". Default: only the kind that `encrypt`
   * selects.
   */
  readonly accept?: readonly ("signed" | "encrypted")[] | undefined;
  /** Prolongs a session while it is used. Default true. */
  readonly rolling?: boolean | undefined;
  /** Seconds after which a session ends even while it is used; null for never. Default null. */
  readonly absoluteMaxAge?: number | null | undefined;
  /**
   * Splits a session over 4096 bytes into several cookies. `true` allows 6,000 bytes for all
   * cookies together, which servers and proxies accept by default; a number allows that many bytes.
   * Default false: a larger session throws `ERR_SESSION_TOO_LARGE`.
   */
  readonly chunks?: boolean | number | undefined;
  /**
   * The schema of the session's data: any Standard Schema. It gives the session its type, and data
   * that does not match is rejected.
   */
  readonly schema?: StandardSchema<Data> | undefined;
  /**
   * Converts session data of an older shape so that the data matches `schema`. If it returns
   * undefined, the session is dropped.
   */
  readonly migrate?: ((data: JsonObject) => JsonObject | undefined) | undefined;
  /**
   * Other frameworks whose session cookies are read, in this order. Galleta re-issues their
   * sessions as its own.
   */
  readonly formats?: readonly AnyFormat[] | undefined;
  /**
   * Writes another framework's cookie instead of Galleta's, so that apps of both can use the
   * session.
   */
  readonly writeAs?: SessionFormat | undefined;
  /**
   * Receives every event. Default: prints rejected cookies, denied requests, dropped writes and
   * store failures on the console.
   */
  readonly onEvent?: SessionListener | undefined;
  /**
   * Switches strict settings on: the cookie `__Host-session`, Secure, encrypted, SameSite=Lax. A
   * session ends after one unused hour, and at the latest after twelve hours. Options that you set
   * win. Default false.
   */
  readonly hardened?: boolean | undefined;
}

/** Attributes that the session's cookie had in the past, named like the options for them. */
export interface FormerAttributes {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly partitioned?: boolean | undefined;
}

/** The names of the options that have a default. */
type WithDefault =
  | "sessionCookie"
  | "property"
  | "maxAge"
  | "path"
  | "publicPath"
  | "sameSite"
  | "httpsOnly"
  | "partitioned"
  | "formerly"
  | "encrypt"
  | "rolling"
  | "absoluteMaxAge"
  | "chunks"
  | "formats"
  | "hardened";

/** The options after their check, without the secret keys, with defaults filled in. */
export type CheckedOptions = {
  readonly [Name in Exclude<keyof SessionCookieOptions, "secretKey">]: Name extends WithDefault
    ? Exclude<SessionCookieOptions[Name], undefined>
    : SessionCookieOptions[Name];
};

const DAY = 86_400;

/** The strict options that `hardened` sets. Options that the app sets take precedence. */
export const HARDENED: Partial<CheckedOptions> = {
  sessionCookie: "__Host-session",
  httpsOnly: true,
  encrypt: true,
  maxAge: 3600,
  absoluteMaxAge: DAY / 2,
};

const isFormat = (value: unknown) => {
  const { read, write, cookieNames } = (value ?? {}) as Partial<SessionFormat>;
  const isComplete = typeof read === "function" && typeof write === "function";
  return isComplete && isCookieName(cookieNames?.[0]);
};

const isStoredFormat = (value: unknown) => {
  const { load, isGenuine, cookieNames } = (value ?? {}) as Partial<StoredFormat>;
  const isComplete = typeof load === "function" && typeof isGenuine === "function";
  return isComplete && isCookieName(cookieNames?.[0]);
};

const FORMAT: Check = [
  isFormat,
  "the result of starlette({ ... }) or another format function that writes",
];

const READABLE: Check = [
  (value) => isFormat(value) || isStoredFormat(value),
  "the result of starlette({ ... }) or another format function",
];

const isPublicPath = (value: unknown) =>
  typeof value === "string" && /^(?:\/[\w.~%-]+)+$/.test(value);

const isPropertyName = (value: unknown) =>
  typeof value === "string" && /^[A-Za-z_$][\w$]*$/.test(value) && !(value in Object.prototype);

const CHUNKS: Check = [
  (value) =>
    typeof value === "boolean" ||
    (Number.isInteger(value) && (value as number) > COOKIE_LIMIT && (value as number) <= MAX_TOTAL),
  `true, false, or the bytes of all cookies together, ${COOKIE_LIMIT} to ${MAX_TOTAL}`,
];

const FORMER: Check = [
  (value) => {
    if (typeof value !== "object" || value === null) return false;
    const { domain, path, partitioned, ...unknown } = value as FormerAttributes;
    const isRight =
      (domain === undefined || isCookieDomain(domain)) &&
      (path === undefined || isCookiePath(path)) &&
      (partitioned === undefined || typeof partitioned === "boolean");
    return isRight && Object.keys(unknown).length === 0;
  },
  "former attributes: { domain, path, partitioned }",
];

/** A check and a default for each option of the session cookie, except `secretKey`. */
export const COOKIE_OPTION_RULES: Rules<CheckedOptions> = {
  sessionCookie: [[isCookieName, 'a cookie name, such as "session"'], "session"],
  property: [[isPropertyName, 'the name of a property, such as "prefs"'], "session"],
  maxAge: [LIFETIME, 14 * DAY],
  publicPath: [[isPublicPath, 'a path such as "/app", without a slash at its end'], ""],
  path: [[isCookiePath, 'a path such as "/app": short, of ASCII, without semicolons'], "/"],
  sameSite: [oneOf("lax", "strict", "none"), "lax"],
  httpsOnly: [oneOf(true, false, "auto"), false],
  domain: [[isCookieDomain, "a host name, such as example.com"]],
  partitioned: [SWITCH, false],
  formerly: [listOf(FORMER), []],
  encrypt: [SWITCH, false],
  accept: [listOf(oneOf("signed", "encrypted"))],
  rolling: [SWITCH, true],
  absoluteMaxAge: [LIFETIME, null],
  chunks: [CHUNKS, false],
  schema: [
    [
      (value) => typeof (value as Partial<StandardSchema>)?.["~standard"]?.validate === "function",
      "a Standard Schema, such as zod's",
    ],
  ],
  migrate: [FUNCTION],
  formats: [listOf(READABLE), []],
  writeAs: [FORMAT],
  onEvent: [FUNCTION],
  hardened: [SWITCH, false],
};

/** The names of all options for session cookies. */
export const COOKIE_OPTION_NAMES = [
  "secretKey",
  ...Object.keys(COOKIE_OPTION_RULES),
] as readonly (keyof SessionCookieOptions)[];
