import { SessionError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { SecretKeys } from "../session/keys.ts";
import { nearest } from "../session/nearest.ts";

// RFC 6265 §4.1.1: a cookie's name is a token (RFC 9110 §5.6.2).
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;

/** Throws the error of a wrong option. */
export function badOption(format: string, message: string): never {
  throw new SessionError("ERR_SESSION_OPTION", `${format}: ${message}`);
}

/** Refuses what is not an object of known options, and suggests the name that was meant. */
export function checkNames(format: string, options: object, names: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    badOption(format, `pass an object with ${names.join(", ")}.`);
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    const hint = meant === undefined ? `Known are ${names.join(", ")}.` : `Did you mean ${meant}?`;
    badOption(format, `there is no option "${name}". ${hint}`);
  }
}

/** The texts of the keys. */
export function readKeys(format: string, keys: SecretKeys, minLength = 1): string[] {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [keys];
  const texts = list.map((key) => (key instanceof Secret ? key.reveal() : key));
  if (texts.length === 0) badKey(format, "secretKey is an empty list.");
  return texts.map((text) => {
    if (typeof text !== "string") {
      return badKey(format, "secretKey is missing: give a string, a Secret, or a list of them.");
    }
    if (text.length < minLength) {
      badKey(
        format,
        `secretKey must have at least ${minLength} character${minLength > 1 ? "s" : ""}.`,
      );
    }
    return text;
  });
}

/** Throws the error of a wrong key; `message` must not hold it. */
function badKey(format: string, message: string): never {
  throw new SessionError("ERR_SESSION_KEY", `${format}: ${message}`);
}

/** The cookie's name, or the framework's own. */
export function readCookieName(
  format: string,
  name: string | undefined,
  own: string | undefined,
): string {
  const chosen = name === undefined ? own : name;
  if (chosen === undefined) {
    return badOption(format, "sessionCookie is missing: name the cookie as the other side does.");
  }
  if (typeof chosen !== "string" || !COOKIE_NAME.test(chosen)) {
    badOption(
      format,
      "sessionCookie must be a cookie name: letters, digits and !#$%&'*+-.^_`|~ only.",
    );
  }
  return chosen;
}

/** A number of whole seconds; null stands for no limit. */
export function readSeconds(
  format: string,
  name: string,
  value: number | null | undefined,
  own: number,
): number | null {
  if (value === undefined) return own;
  if (value !== null && !(Number.isSafeInteger(value) && value >= 0)) {
    badOption(
      format,
      `${name} must be a whole number of seconds, 0 or more, or null for no limit.`,
    );
  }
  return value;
}

/** One of a few words. */
export function readChoice<Choice extends string>(
  format: string,
  name: string,
  value: Choice | undefined,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  if (value === undefined) return choices[0];
  if (!choices.includes(value)) badOption(format, `${name} must be one of ${choices.join(", ")}.`);
  return value;
}

/** A text that is not empty. */
export function readText(
  format: string,
  name: string,
  value: string | undefined,
  own: string,
): string {
  if (value === undefined) return own;
  if (typeof value !== "string" || value === "") badOption(format, `${name} must be a text.`);
  return value;
}
