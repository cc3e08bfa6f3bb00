import { checkCookie } from "../cookie/rules.ts";
import { serializeAttributes } from "../cookie/serialize.ts";
import { optionError } from "../errors.ts";
import { createKeyRing, type KeyRing } from "../token/keys.ts";
import type { Lifetimes } from "../token/times.ts";
import type { Accepted } from "../token/token.ts";
import { Events } from "./events.ts";
import { isObject } from "./json.ts";
import { readSecretKeys } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { readOptions } from "./option-rules.ts";
import {
  COOKIE_OPTION_RULES,
  HARDENED,
  type CheckedOptions,
  type CookieSessionOptions,
} from "./options.ts";

/** The options, checked and brought into the form that requests use. */
export interface SessionSettings extends Pick<
  CheckedOptions,
  "rolling" | "encrypt" | "httpsOnly" | "chunks" | "schema" | "migrate" | "formats" | "writeAs"
> {
  readonly cookieName: string;
  /** The cookies of a session in one piece: the name alone. */
  readonly cookieNames: readonly string[];
  readonly ring: KeyRing;
  readonly lifetimes: Lifetimes;
  readonly accepted: Accepted;
  /** The attributes of a Set-Cookie, without and with `Secure`. */
  readonly attributes: { readonly plain: string; readonly secure: string };
  readonly events: Events;
}

/**
 * Checks the options, once, at set-up.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY`; no message shows a value
 */
export function readSettings(given: CookieSessionOptions): SessionSettings {
  const options = readOptions(given, COOKIE_OPTION_RULES, given.hardened === true ? HARDENED : {});
  const { sessionCookie, maxAge, absoluteMaxAge, httpsOnly, encrypt, formats, writeAs } = options;
  if (writeAs && absoluteMaxAge !== null) {
    throw optionError("absoluteMaxAge is not for writeAs: that cookie tells no beginning.");
  }
  const written = encrypt ? "encrypted" : "signed";
  const { accept = [written] } = options;
  if (!accept.includes(written)) {
    throw optionError(`accept must contain "${written}", see encrypt.`);
  }
  const cookieName = writeAs?.cookieNames[0] ?? sessionCookie;
  // Before the keys: they are derived from the name.
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
    // What is written is also read, and before everything else.
    formats: !writeAs || formats.includes(writeAs) ? formats : [writeAs, ...formats],
    events: new Events(options.onEvent),
  };
}

/**
 * Refuses options that do not exist, with the name that was most likely meant.
 *
 * @param what what the message calls an option
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function checkOptionNames(
  options: unknown,
  names: readonly string[],
  what = "session option",
): void {
  if (!isObject(options)) {
    throw optionError("Sessions need options: an object with at least secretKey.");
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    const hint = meant === undefined ? `Known are ${names.join(", ")}.` : `Did you mean ${meant}?`;
    throw optionError(`There is no ${what} "${name.slice(0, 60)}". ${hint}`);
  }
}
