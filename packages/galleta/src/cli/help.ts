import type { Command, OptionSpecs } from "./command.ts";

const ALWAYS: OptionSpecs = { help: { type: "boolean", help: "Show this" } };

/** Returns the text that `galleta <command> --help` prints. */
export function commandHelp(command: Command): string {
  const usage = ["galleta", command.name, command.positional, "[options]"].filter(Boolean);
  const options = Object.entries({ ...command.options, ...ALWAYS }).map(
    ([name, { value, help }]) =>
      [`--${name}${value === undefined ? "" : ` <${value}>`}`, help] as const,
  );
  const notes = command.notes ? `\n${command.notes.join("\n")}\n` : "";
  return `${command.summary}\n\nUsage: ${usage.join(" ")}\n\nOptions:\n${columns(options)}${notes}`;
}

/** Returns the text that `galleta --help` prints. */
export function programHelp(commands: Iterable<readonly [name: string, summary: string]>): string {
  return `A web framework whose sessions are the same in HTTP and WebSocket handlers.

Usage: galleta <command> [options]

Commands:
${columns([...commands])}
galleta <command> --help   the options of a command
galleta --version          the version
`;
}

function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}
