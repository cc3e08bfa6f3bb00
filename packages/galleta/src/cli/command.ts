import type { ParsedArguments } from "./args.ts";

/** One option of a command, as `--name`. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** What the help calls the value: `<port>`. */
  readonly value?: string;
  /** May stand several times. */
  readonly multiple?: boolean;
  /** One line, without a full stop. */
  readonly help: string;
}

/** The options of a command by name, without dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Where a command writes. A line ends with its own newline. */
export interface Io {
  /** What was asked for: standard output. */
  out(text: string): void;
  /** What went wrong, and what happens meanwhile: standard error. */
  err(text: string): void;
}

/** A command of the `galleta` program. */
export interface Command<Options extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** What stands after the options, as the help writes it: `<file>[:export]`. */
  readonly positional?: string;
  readonly options: Options;
  /** More lines for the help: an example, an environment variable. */
  readonly notes?: readonly string[];
  /** @returns the exit code */
  run(args: ParsedArguments<Options>, io: Io): Promise<number>;
}

/** Gives `run` the types of the options that stand beside it. */
export function defineCommand<const Options extends OptionSpecs>(
  command: Command<Options>,
): Command<Options> {
  return command;
}
