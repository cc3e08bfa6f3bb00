import { checkCookie } from "../cookie/rules.ts";
import { serializeAttributes, type CookieAttributes } from "../cookie/serialize.ts";
import { optionError } from "../errors.ts";
import { createKeyRing, type KeyRing } from "../token/keys.ts";
import type { Lifetimes } from "../token/times.ts";
import type { Accepted } from "../token/token.ts";
import { Events } from "./events.ts";
import { isStored, type StoredFormat } from "./format.ts";
import { readSecretKeys } from "./secret-keys.ts";
import { readOptions } from "../validate.ts";
import {
  COOKIE_OPTION_RULES,
  HARDENED,
  type CheckedOptions,
  type SessionCookieOptions,
} from "./options.ts";

/** The checked options of the session cookie, in the form in which requests use them. */
export interface SessionSettings extends Pick<
  CheckedOptions,
  | "property"
  | "rolling"
  | "publicPath"
  | "encrypt"
  | "httpsOnly"
  | "chunks"
  | "schema"
  | "migrate"
  | "formats"
  | "writeAs"
> {
  readonly cookieName: string;
  /**
   * A list that contains only `cookieName`. Requests whose session fits into one cookie share it.
   */
  readonly cookieNames: readonly string[];
  readonly ring: KeyRing;
  readonly lifetimes: Lifetimes;
  readonly accepted: Accepted;
  /**
   * The attributes of the session's Set-Cookie header as text. `secure` is for requests over TLS;
   * it differs only with `httpsOnly: "auto"`.
   */
  readonly attributes: { readonly plain: string; readonly secure: string };
  readonly events: Events;
  /** The attributes that the session's cookie gets, such as its path and domain. */
  readonly current: CookieAttributes;
  readonly formerly: readonly CookieAttributes[];
  /** The entries of the option `formats` whose sessions are in other frameworks' stores. */
  readonly stored: readonly StoredFormat[];
}

/**
 * Checks the options of the session cookie, once, at set-up.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY`; their messages show no values
 */
export function readSettings(given: SessionCookieOptions): SessionSettings {
  const hardened = given.hardened === true ? HARDENED : {};
  const read = readOptions(given, COOKIE_OPTION_RULES, { ...hardened, ...nameOf(given) });
  const options = { ...read, path: pathOf(given, read) };
  const { sessionCookie, maxAge, absoluteMaxAge, httpsOnly, encrypt, formats, writeAs } = options;
  if (writeAs && absoluteMaxAge !== null) {
    throw optionError(
      "Use either absoluteMaxAge or writeAs: the other framework's cookie does not say when its session began.",
    );
  }
  const written = encrypt ? "encrypted" : "signed";
  const { accept = [written] } = options;
  if (!accept.includes(written)) {
    throw optionError(
      `accept must contain "${written}", the kind that the option encrypt selects.`,
    );
  }
  const cookieName = writeAs?.cookieNames[0] ?? sessionCookie;
  // Checked before the keys, which are derived from the name.
  checkCookie(cookieName, options, httpsOnly === true);
  return {
    ...options,
    cookieName,
    cookieNames: [cookieName],
    ring: createKeyRing(readSecretKeys(given.secretKey), cookieName),
    lifetimes: { maxAge, absoluteMaxAge },
    accepted: { signed: accept.includes("signed"), encrypted: accept.includes("encrypted") },
    attributes: {
      plain: serializeAttributes(options, httpsOnly === true),
      secure: serializeAttributes(options, httpsOnly !== false),
    },
    // The format of writeAs is also read, before the others.
    formats: !writeAs || formats.includes(writeAs) ? formats : [writeAs, ...formats],
    events: new Events(options.onEvent),
    current: options,
    formerly: readFormer(cookieName, options),
    stored: formats.filter(isStored),
  };
}

/**
 * Derives the cookie's name from the option `property`, so that two sessions of one request get
 * different cookies.
 */
function nameOf({ property, hardened }: SessionCookieOptions): Partial<CheckedOptions> {
  if (typeof property !== "string") return {};
  return { sessionCookie: hardened === true ? `__Host-${property}` : property };
}

/**
 * Returns the cookie's path: the option `path` if given, else `publicPath`, else "/". A `__Host-`
 * cookie ignores `publicPath`, because browsers require the path "/" for it.
 */
function pathOf(given: SessionCookieOptions, { path, publicPath, sessionCookie }: CheckedOptions) {
  const isBound = /^__host-/i.test(sessionCookie);
  return given.path === undefined && publicPath !== "" && !isBound ? publicPath : path;
}

/**
 * Returns the attributes in the option `formerly`, without those that the cookie has now. Deleting
 * a cookie with the current attributes would delete the session.
 */
function readFormer(name: string, options: CheckedOptions): CookieAttributes[] {
  const { sameSite, path, domain, partitioned } = options;
  const now = serializeAttributes({ sameSite, path, domain, partitioned }, false);
  return options.formerly
    .map((each) => ({
      path: each.path ?? "/",
      domain: each.domain,
      partitioned: each.partitioned ?? false,
      sameSite,
    }))
    .filter((each) => {
      checkCookie(name, each, true);
      return serializeAttributes(each, false) !== now;
    });
}
