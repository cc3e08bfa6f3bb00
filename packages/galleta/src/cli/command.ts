import type { ParsedArguments } from "./args.ts";

/** An option of a command of the `galleta` program, given as `--name`. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** What the help shows for the value of the option, such as `port` in `--port <port>`. */
  readonly value?: string;
  /** True if the option may be repeated. */
  readonly multiple?: boolean;
  /** The line that describes the option in the help, without a full stop. */
  readonly help: string;
}

/** The options of a command. The keys are the names of the options, without dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The output streams of a command. Each text must contain its line breaks. */
export interface Io {
  /** Writes the result to standard output. */
  out(text: string): void;
  /** Writes warnings and progress to standard error. */
  err(text: string): void;
}

/** A command of the `galleta` program. */
export interface Command<Options extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** The sentence that describes the command in the help. */
  readonly summary: string;
  /** What the help shows for the arguments of the command, such as `<file>[:export]`. */
  readonly positional?: string;
  readonly options: Options;
  /** Lines that the help of the command prints after the options, such as an example. */
  readonly notes?: readonly string[];
  /**
   * Runs the command.
   *
   * @returns the exit code
   */
  run(args: ParsedArguments<Options>, io: Io): Promise<number>;
}

/**
 * Returns the command unchanged. TypeScript derives the types of the parameters of `run` from its
 * options.
 */
export function defineCommand<const Options extends OptionSpecs>(
  command: Command<Options>,
): Command<Options> {
  return command;
}
