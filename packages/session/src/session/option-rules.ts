import { optionError } from "../errors.ts";

/** Whether a value is right, and the words behind "must be" where it is not. */
export type Check = readonly [fits: (value: unknown) => boolean, what: string];

/** A check for every option, and its default. */
export type Rules<Options> = {
  readonly [Name in keyof Options]: readonly [check: Check, byDefault?: Options[Name]];
};

/** One of a few values of JSON. */
export function oneOf(...choices: readonly unknown[]): Check {
  const what = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  return [(value) => choices.includes(value), what];
}

/** A list in which everything is right. A hole is not. */
export function listOf([fits, what]: Check): Check {
  return [(value) => Array.isArray(value) && [...value].every(fits), `a list of ${what}`];
}

/** On or off. */
export const SWITCH = oneOf(true, false);

/** A function. */
export const FUNCTION: Check = [(value) => typeof value === "function", "a function"];

/**
 * Checks every option that has a rule, and fills in what is not given or `undefined`.
 *
 * @param instead defaults that replace those of the rules
 * @throws SessionError `ERR_SESSION_OPTION`; the message shows no value
 */
export function readOptions<Options>(
  given: { readonly [Name in keyof Options]?: Options[Name] | undefined },
  rules: Rules<Options>,
  instead: Partial<Options> = {},
): Options {
  const options: Partial<Options> = {};
  for (const name in rules) {
    const [[fits, what], byDefault] = rules[name];
    const value = given[name];
    if (value !== undefined && !fits(value)) throw optionError(`${name} must be ${what}.`);
    options[name] = value === undefined ? (instead[name] ?? byDefault) : value;
  }
  return options as Options;
}
