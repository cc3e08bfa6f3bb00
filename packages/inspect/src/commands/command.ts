/** One option of a command, given as `--name`. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** What the help calls the value, such as `<port>`. */
  readonly value?: string;
  /** The option may be repeated. */
  readonly multiple?: boolean;
  /** One line, without a full stop. */
  readonly help: string;
}

/** Where a command writes. Each line brings its own newline. */
export interface Io {
  /** Writes the result to standard output. */
  out(text: string): void;
  /** Writes warnings and progress to standard error. */
  err(text: string): void;
}

/** A command that the `galleta` program loads when it is called. */
export interface InspectCommand<Values> {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** The help text behind the options, such as `[cookie]`. */
  readonly positional?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** More lines for the help. */
  readonly notes: readonly string[];
  /** Runs the command. @returns the exit code */
  run(
    args: { readonly values: Values; readonly positionals: readonly string[] },
    io: Io,
  ): Promise<number>;
}

/** A failure that the user of the command line can fix. They see only the message. */
export class UsageError extends Error {
  readonly code = "ERR_GALLETA_USAGE";

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "UsageError";
  }
}

const MAX_AGE = 400 * 86_400;

/**
 * Reads `--max-age`.
 *
 * @returns seconds; `undefined` if the option was not given
 * @throws UsageError
 */
export function readMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_AGE) {
    throw new UsageError(`--max-age must be seconds, from 1 to ${MAX_AGE}.`);
  }
  return seconds;
}
