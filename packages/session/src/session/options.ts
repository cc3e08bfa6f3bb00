import { isCookieDomain, isCookieName, isCookiePath } from "../cookie/rules.ts";
import { MAX_TOTAL } from "../cookie/chunks.ts";
import { COOKIE_LIMIT } from "../cookie/serialize.ts";
import type { SessionListener } from "./event-types.ts";
import type { JsonObject, SessionFormat } from "./format.ts";
import { LIFETIME } from "./lifetime.ts";
import type { SecretKeys } from "./secret-keys.ts";
import { FUNCTION, listOf, oneOf, SWITCH, type Check, type Rules } from "../validate.ts";
import type { StandardSchema } from "./schema.ts";

/**
 * The options of sessions: Starlette's, in camel case and with its defaults, and what it lacks.
 * Options that belong to cross-site checks and to live sockets extend this in their own files.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- options of no schema are for any data
export interface SessionCookieOptions<Data = any> {
  /** Signs and encrypts. Of a list the first is used, and all are accepted (rotation). */
  readonly secretKey: SecretKeys;
  /** The cookie's name. Default "session". */
  readonly sessionCookie?: string | undefined;
  /** Seconds until an unused session ends; null keeps the cookie until the browser closes. Default 14 days. */
  readonly maxAge?: number | null | undefined;
  /** Default: `publicPath`, or "/". */
  readonly path?: string | undefined;
  /**
   * The path under which a proxy serves the app and that it cuts off, such as "/app": for the
   * cookie's `path`, redirects of Galleta and addresses that a page is told. Default: none.
   */
  readonly publicPath?: string | undefined;
  /** Default "lax". */
  readonly sameSite?: "lax" | "strict" | "none" | undefined;
  /** Sets `Secure`; "auto" where the request came over TLS. Default false. */
  readonly httpsOnly?: boolean | "auto" | undefined;
  /** The domain whose subdomains get the cookie too. Default: this host alone. */
  readonly domain?: string | undefined;
  /** Sets `Partitioned` (CHIPS); needs `httpsOnly`. Default false. */
  readonly partitioned?: boolean | undefined;
  /**
   * Attributes that the cookie had before: `[{ domain: "example.com" }]`. What is not named was as by
   * default. Whenever a cookie goes out, those under these attributes are deleted. Default: none.
   */
  readonly formerly?: readonly FormerAttributes[] | undefined;
  /** Hides the data from the client with AES-256-GCM. Default false: signed, readable. */
  readonly encrypt?: boolean | undefined;
  /** Which kinds of token are accepted. Default: the kind that is written. */
  readonly accept?: readonly ("signed" | "encrypted")[] | undefined;
  /** Renews the lifetime of a session in use. Default true. */
  readonly rolling?: boolean | undefined;
  /** Seconds after which a session ends however much it is used; null for never. Default null. */
  readonly absoluteMaxAge?: number | null | undefined;
  /**
   * Splits a session over 4096 bytes into several cookies: up to 6,000 bytes in all, which servers and
   * proxies take as they come, or up to a number of bytes, where yours take more. Default false: an
   * error.
   */
  readonly chunks?: boolean | number | undefined;
  /** Any Standard Schema: data that does not fit is rejected. It types the session. */
  readonly schema?: StandardSchema<Data> | undefined;
  /** Turns data of an older shape into data that fits `schema`; undefined gives it up. */
  readonly migrate?: ((data: JsonObject) => JsonObject | undefined) | undefined;
  /** Other frameworks' cookies to read, in this order; what they hold is re-issued as ours. */
  readonly formats?: readonly SessionFormat[] | undefined;
  /** Keeps another framework's cookie instead of ours, so that both share the session. */
  readonly writeAs?: SessionFormat | undefined;
  /** Receives every event. Default: refusals are warned of on the console. */
  readonly onEvent?: SessionListener | undefined;
  /**
   * One switch for strict settings: `__Host-session`, Secure, encrypted, SameSite=Lax, one hour
   * idle, twelve hours in all. Options beside it win. Default false.
   */
  readonly hardened?: boolean | undefined;
}

/** Attributes of the session's cookie before they were changed, as the options of that time. */
export interface FormerAttributes {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly partitioned?: boolean | undefined;
}

/** Those that have a default. */
type WithDefault =
  | "sessionCookie"
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

/** The options once they were checked, with their defaults; without the keys. */
export type CheckedOptions = {
  readonly [Name in Exclude<keyof SessionCookieOptions, "secretKey">]: Name extends WithDefault
    ? Exclude<SessionCookieOptions[Name], undefined>
    : SessionCookieOptions[Name];
};

const DAY = 86_400;

/** What `hardened` sets; options beside it win. */
export const HARDENED: Partial<CheckedOptions> = {
  sessionCookie: "__Host-session",
  httpsOnly: true,
  encrypt: true,
  maxAge: 3600,
  absoluteMaxAge: DAY / 2,
};

const FORMAT: Check = [
  (value) => {
    const { read, write, cookieNames } = (value ?? {}) as Partial<SessionFormat>;
    const isComplete = typeof read === "function" && typeof write === "function";
    return isComplete && isCookieName(cookieNames?.[0]);
  },
  "what starlette({ ... }) or its like returns",
];

const isPublicPath = (value: unknown) =>
  typeof value === "string" && /^(?:\/[\w.~%-]+)+$/.test(value);

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

/** Each option but the keys: what it must be, and its default. */
export const COOKIE_OPTION_RULES: Rules<CheckedOptions> = {
  sessionCookie: [[isCookieName, 'a cookie name, such as "session"'], "session"],
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
  formats: [listOf(FORMAT), []],
  writeAs: [FORMAT],
  onEvent: [FUNCTION],
  hardened: [SWITCH, false],
};

/** Every option that sessions of a cookie know. */
export const COOKIE_OPTION_NAMES = [
  "secretKey",
  ...Object.keys(COOKIE_OPTION_RULES),
] as readonly (keyof SessionCookieOptions)[];
