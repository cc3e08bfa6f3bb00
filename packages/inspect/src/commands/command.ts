/** One option of a command, given as `--name`. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** The name of the option's value in the help, such as `<port>`. */
  readonly value?: string;
  /** True if the option may be repeated. */
  readonly multiple?: boolean;
  /** What the option does, as one line of help without a full stop. */
  readonly help: string;
}

/** The two output streams of a command. A text must contain its own newlines. */
export interface Io {
  /** Writes the result to standard output. */
  out(text: string): void;
  /** Writes warnings and progress to standard error. */
  err(text: string): void;
}

/** A command that the `galleta` program loads on demand. */
export interface InspectCommand<Values> {
  readonly name: string;
  /** What the command does, as one sentence for the help. */
  readonly summary: string;
  /** The names of the command's arguments in the help, such as `[cookie]`. */
  readonly positional?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Further lines for the help of the command. */
  readonly notes: readonly string[];
  /**
   * Runs the command.
   *
   * @returns the exit code
   */
  run(
    args: { readonly values: Values; readonly positionals: readonly string[] },
    io: Io,
  ): Promise<number>;
}

/** An error that the user of the command line can fix. Only its message is printed. */
export class UsageError extends Error {
  readonly code = "ERR_GALLETA_USAGE";

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "UsageError";
  }
}

const MAX_AGE = 400 * 86_400;

/**
 * Reads the value of the option `--max-age`.
 *
 * @returns seconds; `undefined` if the option was not given
 * @throws UsageError if the value is not a number of seconds from 1 to 400 days
 */
export function readMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_AGE) {
    throw new UsageError(`--max-age must be a number of seconds from 1 to ${MAX_AGE}.`);
  }
  return seconds;
}
