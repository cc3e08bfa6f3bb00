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

/** Where a command writes. A line ends with its own newline. */
export interface Io {
  /** What was asked for: standard output. */
  out(text: string): void;
  /** What went wrong, and what happens meanwhile: standard error. */
  err(text: string): void;
}

/** A command that the `galleta` program loads when it is called. */
export interface InspectCommand<Values> {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** What stands after the options, as the help writes it: `[cookie]`. */
  readonly positional?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** More lines for the help. */
  readonly notes: readonly string[];
  /** @returns the exit code */
  run(
    args: { readonly values: Values; readonly positionals: readonly string[] },
    io: Io,
  ): Promise<number>;
}

/** A failure that the person at the terminal can mend: the message is the whole of what they see. */
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
    throw new UsageError(`--max-age is seconds, from 1 to ${MAX_AGE}.`);
  }
  return seconds;
}
