import type { ParsedArguments } from "./args.ts";

/** One option of a command, given as `--name`. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** The name of the value in the help, such as `<port>`. */
  readonly value?: string;
  /** True if the option may be repeated. */
  readonly multiple?: boolean;
  /** One line of help, without a full stop. */
  readonly help: string;
}

/** The options of a command by name, without dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The outputs of a command. The caller adds the newlines. */
export interface Io {
  /** Writes the result to standard output. */
  out(text: string): void;
  /** Writes warnings and progress to standard error. */
  err(text: string): void;
}

/** A command of the `galleta` program. */
export interface Command<Options extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** One sentence for the help. */
  readonly summary: string;
  /** The arguments in the help, such as `<file>[:export]`. */
  readonly positional?: string;
  readonly options: Options;
  /** More lines for the help: an example, an environment variable. */
  readonly notes?: readonly string[];
  /**
   * Runs the command.
   *
   * @returns the exit code
   */
  run(args: ParsedArguments<Options>, io: Io): Promise<number>;
}

/** Defines a command, and derives the types in `run` from its options. */
export function defineCommand<const Options extends OptionSpecs>(
  command: Command<Options>,
): Command<Options> {
  return command;
}
