import { SessionError } from "../errors.ts";
import { isCookieName } from "../cookie/rules.ts";
import { Secret } from "../secret.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import {
  checkOption,
  checkOptionNames,
  integer,
  orNull,
  readOptions,
  type Check,
  type Rules,
} from "../validate.ts";

/** The check for the name of a cookie. */
export const COOKIE_NAME: Check = [
  isCookieName,
  "a cookie name: letters, digits and !#$%&'*+-.^_`|~ only",
];

/** The check for a lifetime; null means no limit. */
export const SECONDS = orNull(
  integer(0, Number.MAX_SAFE_INTEGER, "a whole number of seconds, 0 or more"),
);

/**
 * The checks for the options of a cookie format, except `secretKey`, which {@link readKeys} checks.
 */
export type FormatRules<Options> = Rules<{
  [Name in Exclude<keyof Options, "secretKey">]-?: Exclude<Options[Name], undefined>;
}>;

/**
 * Checks the options of a cookie format, except `secretKey`, and fills in the defaults.
 *
 * @param format the name of the format's function, for messages
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readFormatOptions<Options extends { sessionCookie: string | undefined }>(
  format: string,
  given: { readonly [Name in keyof Options]?: Options[Name] | undefined },
  rules: Rules<Options>,
): Options {
  checkOptionNames(given, ["secretKey", ...Object.keys(rules)], `option of ${format}`);
  const options = readOptions(given, rules);
  // A format without a default name needs the name from the app.
  checkOption("sessionCookie", options.sessionCookie, COOKIE_NAME);
  return options;
}

/**
 * Checks the option `secretKey` of a cookie format and returns the keys as strings.
 *
 * @throws SessionError `ERR_SESSION_KEY`; the message contains no key
 */
export function readKeys(format: string, keys: SecretKeys, minLength = 1): string[] {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [keys];
  const texts = list.map((key) => (key instanceof Secret ? key.reveal() : key));
  const isRight = (text: unknown) => typeof text === "string" && text.length >= minLength;
  if (texts.length > 0 && texts.every(isRight)) return texts as string[];
  const size = minLength > 1 ? ` of at least ${minLength} characters` : "";
  throw new SessionError(
    "ERR_SESSION_KEY",
    `secretKey of ${format} must be a string${size}, a Secret, or a list of them.`,
  );
}
