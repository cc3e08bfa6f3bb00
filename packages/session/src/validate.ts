import { optionError } from "./errors.ts";
import { hintFor, nearest } from "./nearest.ts";

/**
 * How the value of an option is checked: a test; the words after "must be" in the error message;
 * for a list, the test of one entry; for fixed strings, all that are allowed.
 */
export type Check = readonly [
  fits: (value: unknown) => boolean,
  what: string,
  entry?: ((value: unknown) => boolean) | undefined,
  choices?: readonly string[] | undefined,
];

/** A check for every option of an object, with the option's default. */
export type Rules<Options> = {
  readonly [Name in keyof Options]-?: readonly [check: Check, byDefault?: Options[Name]];
};

/** Makes the error that is thrown for an option with a wrong value. */
export type MakeError = (message: string) => Error;

/** Returns a check that accepts only these JSON values. */
export function oneOf(...choices: readonly unknown[]): Check {
  const words = choices.map((choice) => JSON.stringify(choice));
  const what = [words.slice(0, -1).join(", "), ...words.slice(-1)].join(" or ");
  const texts = choices.filter((choice) => typeof choice === "string");
  return [(value) => choices.includes(value), what, undefined, texts];
}

/** Returns a check that accepts a list if every entry passes. A list with holes is rejected. */
export function listOf([fits, what, , choices]: Check): Check {
  const fit = (value: unknown) => Array.isArray(value) && [...(value as unknown[])].every(fits);
  return [fit, `a list of ${what}`, fits, choices];
}

/** Returns a check that accepts a list with at least one entry, if every entry passes. */
export function filled([fits, what, ...entries]: Check): Check {
  const fit = (value: unknown) => fits(value) && (value as unknown[]).length > 0;
  return [fit, `${what}, with at least one`, ...entries];
}

/** Returns a check that accepts a string if it passes a test. */
export function textThat(passes: (text: string) => boolean, what: string): Check {
  return [(value) => typeof value === "string" && passes(value), what];
}

/** Accepts any string except the empty one. */
export const TEXT = textThat((text) => text !== "", "a string that is not empty");

/** Accepts `true` and `false`. */
export const SWITCH = oneOf(true, false);

/** Accepts a function. */
export const FUNCTION: Check = [(value) => typeof value === "function", "a function"];

/** Returns a check that accepts whole numbers from `least` to `most`. */
export function integer(least: number, most: number, what: string): Check {
  const fits = (value: unknown) => Number.isSafeInteger(value) && inside(value as number);
  const inside = (value: number) => value >= least && value <= most;
  return [fits, what];
}

/** Returns a check that accepts null, and all values that the given check accepts. */
export function orNull([fits, what]: Check): Check {
  return [(value) => value === null || fits(value), `null or ${what}`];
}

/**
 * Throws if an option has a wrong value.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, or the error that `fail` makes. The message names the
 *   index of a wrong list entry, and never shows the value
 */
export function checkOption(
  name: string,
  value: unknown,
  [fits, what, entry, choices = []]: Check,
  fail: MakeError = optionError,
): void {
  if (fits(value)) return;
  const wrong =
    entry === undefined || !Array.isArray(value) ? -1 : [...value].findIndex((one) => !entry(one));
  const place = wrong < 0 ? "" : `${name}[${wrong}] is invalid: `;
  const given = wrong < 0 ? value : (value as unknown[])[wrong];
  const meant = typeof given === "string" ? nearest(given, choices) : undefined;
  const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`;
  throw fail(`${place}${name} must be ${what}.${hint}`);
}

/**
 * Checks every option that has a rule. Returns the options, with defaults for those that are
 * `undefined`.
 *
 * @param instead defaults that replace those of the rules
 * @throws SessionError `ERR_SESSION_OPTION`, or the error that `fail` makes. The message never
 *   shows the value
 */
export function readOptions<Options>(
  given: { readonly [Name in keyof Options]?: Options[Name] | undefined },
  rules: Rules<Options>,
  instead: Partial<Options> = {},
  fail?: MakeError,
): Options {
  const options: Partial<Options> = {};
  for (const name in rules) {
    const [check, byDefault] = rules[name];
    const value = given[name];
    if (value !== undefined) checkOption(name, value, check, fail);
    options[name] = value === undefined ? (instead[name] ?? byDefault) : value;
  }
  return options as Options;
}

/**
 * Throws for an unknown option, and suggests the name that was probably meant.
 *
 * @param what how the message calls an option, such as "session option"
 * @param others advice for names that users know from other libraries
 * @throws SessionError `ERR_SESSION_OPTION`, or the error that `fail` makes
 */
export function checkOptionNames(
  options: unknown,
  names: readonly string[],
  what = "session option",
  fail: MakeError = optionError,
  others?: ReadonlyMap<string, string>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw fail(`Pass an object with at least one ${what}, such as ${names[0]}.`);
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const advice = others?.get(name) ?? hintFor(name, names);
    throw fail(`There is no ${what} "${name.slice(0, 60)}". ${advice}`);
  }
}
