import { parseArgs } from "node:util";
import { hintFor } from "@galleta/session/internals";
import type { OptionSpec, OptionSpecs } from "./command.ts";
import { CliError } from "./failure.ts";

type ValueOf<Option extends OptionSpec> = Option["type"] extends "boolean"
  ? boolean
  : Option["multiple"] extends true
    ? string[]
    : string;

/** The parsed arguments of a command: the values of its options, and the other arguments. */
export interface ParsedArguments<Options extends OptionSpecs = OptionSpecs> {
  readonly values: { readonly [Name in keyof Options]?: ValueOf<Options[Name]> };
  readonly positionals: readonly string[];
}

/**
 * Parses the arguments of one command.
 *
 * `parseArgs` of Node only splits the arguments. This function checks them itself, because the
 * messages of Node do not help with a mistyped option. The text after an unknown option may be a
 * secret, so no message repeats a value.
 *
 * @param room how many arguments are allowed besides the options
 * @throws CliError if an option is unknown, repeated or without its value, or there are too many
 *   arguments
 */
export function parseArguments<const Options extends OptionSpecs>(
  argv: readonly string[],
  options: Options,
  room: number,
): ParsedArguments<Options> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type }]) => [name, { type }]),
    ),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | boolean | string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw new CliError(unknown(rawName, name, options));
    if (values.has(name) && option.multiple !== true) {
      throw new CliError(`${rawName} is given twice.`);
    }
    if (option.type === "boolean") {
      if (value !== undefined) throw new CliError(`${rawName} takes no value.`);
      values.set(name, true);
      continue;
    }
    // "--port --watch" lacks the port. Write a value that starts with a dash as "--port=-1".
    if (value === undefined || value === "" || (!token.inlineValue && value.startsWith("-"))) {
      throw new CliError(`${rawName} needs a value: ${rawName} <${option.value ?? "value"}>.`);
    }
    const earlier = values.get(name);
    if (option.multiple) values.set(name, Array.isArray(earlier) ? [...earlier, value] : [value]);
    else values.set(name, value);
  }
  if (positionals.length > room) {
    throw new CliError(
      room === 0 ? "The command takes no arguments." : "The command takes one argument.",
    );
  }
  return {
    // The loop checked the type that each option declares.
    values: Object.fromEntries(values) as ParsedArguments<Options>["values"],
    positionals,
  };
}

function unknown(rawName: string, name: string, options: OptionSpecs): string {
  if (Object.hasOwn(options, "secret-env") && /^(?:secret(?:-?key)?|key|password)$/i.test(name)) {
    return `${rawName} is not an option: every user of this machine can read the arguments of a command. Put the key into a variable and name it: --secret-env SECRET_KEY.`;
  }
  const names = [...Object.keys(options), "help"].map((each) => `--${each}`);
  return `There is no option ${rawName}. ${hintFor(`--${name}`, names, "--help lists them.")}`;
}
