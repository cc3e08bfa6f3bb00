import { readFileSync } from "node:fs";
import { hintFor } from "@galleta/session/internals";
import { parseArguments } from "./args.ts";
import type { Command, Io } from "./command.ts";
import { CliError, details, explain } from "./failure.ts";
import { commandHelp, programHelp } from "./help.ts";
import { terminal } from "./terminal.ts";

interface Entry {
  /**
   * The summary of the command in `galleta --help`, written here so that the help need not load the
   * file of each command.
   */
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

const COMMANDS: ReadonlyMap<string, Entry> = new Map([
  ["serve", { summary: "Serve an app", load: () => import("./serve.ts") }],
  ["secret", { summary: "Print a strong key for SECRET_KEY", load: () => import("./secret.ts") }],
  [
    "inspect",
    {
      summary: "Inspect a session cookie",
      load: async () => ({ command: (await import("@galleta/inspect/commands")).inspectCommand }),
    },
  ],
  [
    "mint",
    {
      summary: "Make a session cookie for tests",
      load: async () => ({ command: (await import("@galleta/inspect/commands")).mintCommand }),
    },
  ],
]);

/**
 * Runs the `galleta` command in `argv`. An error prints one line on `io.err`; with DEBUG=galleta
 * the stack follows.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code: 0, or 1 after a failure. Never throws.
 * @example
 * ```ts
 * process.exitCode = await main(["secret"]);
 * ```
 */
export async function main(argv: readonly string[], io: Io = terminal): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    io.err(`galleta: ${explain(error)}\n${details(error)}`);
    return 1;
  }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") {
    // Asking for help is not a failure, but a missing command is one.
    const write = name === undefined ? io.err : io.out;
    write(programHelp([...COMMANDS].map(([command, { summary }]) => [command, summary])));
    return name === undefined ? 1 : 0;
  }
  if (name === "--version" || name === "-v") {
    io.out(`${version()}\n`);
    return 0;
  }
  const entry = COMMANDS.get(name);
  if (entry === undefined) throw new CliError(unknown(name));
  const { command } = await entry.load();
  // --help takes precedence over any mistake on the line.
  const end = rest.indexOf("--");
  const options = end < 0 ? rest : rest.slice(0, end);
  if (options.includes("--help") || options.includes("-h")) {
    io.out(commandHelp(command));
    return 0;
  }
  const room = command.positional === undefined ? 0 : 1;
  return await command.run(parseArguments(rest, command.options, room), io);
}

function unknown(name: string): string {
  const what = name.startsWith("-") ? "option" : "command";
  const names = what === "option" ? ["--help", "--version"] : [...COMMANDS.keys()];
  const hint = hintFor(name, names, "galleta --help lists them.");
  return `There is no ${what} ${name.split("=", 1)[0]}. ${hint}`;
}

function version(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
