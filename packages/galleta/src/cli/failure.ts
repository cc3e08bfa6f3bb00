import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

/** An error that the user of the command line can fix. Only its message is printed. */
export class CliError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "CliError";
  }
}

/**
 * Returns the `code` of an error of Node, Galleta or the session; an empty string if it has none.
 */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : "";
}

/**
 * Explains an error in one line, without a stack.
 *
 * The message of an error of Galleta or the session is shown unchanged. For other errors of the
 * app, the line also contains the file and line of the app's code, if they are known.
 */
export function explain(error: unknown): string {
  if (error instanceof CliError || /^ERR_(?:GALLETA|SESSION)_/.test(codeOf(error))) {
    return oneLine((error as Error).message);
  }
  if (!(error instanceof Error)) {
    // A thrown string may contain secrets, so only its type is shown.
    return `The app threw a value that is not an Error (${error === null ? "null" : typeof error}).`;
  }
  const place = placeOf(error);
  const message = `${error.name}: ${oneLine(withoutQuotedJson(error.message))}`;
  return `${place === undefined ? "" : `${place}: `}${message} (DEBUG=galleta shows the stack)`;
}

/**
 * Returns the stack and all causes of an error if the environment variable `DEBUG` contains
 * `galleta`; otherwise an empty string.
 */
export function details(error: unknown, debug = process.env["DEBUG"] ?? ""): string {
  const wanted = debug.split(/[\s,]+/).some((word) => /^(?:galleta(?::\*)?|\*)$/.test(word));
  return wanted ? `${inspect(error)}\n` : "";
}

/** Returns a path relative to the working directory if it is below that; otherwise unchanged. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}

/**
 * Replaces the message of a `JSON.parse` error. The message quotes the parsed text, which may be a
 * secret.
 */
function withoutQuotedJson(message: string): string {
  return message.endsWith("is not valid JSON") ? "A text is not valid JSON" : message;
}

function oneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, " ").trim();
}

/** Matches a line of a stack trace: `at name (file:///srv/app.ts:12:7)`, `at /srv/app.ts:12:7`. */
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?(?:\/|[A-Z]:\\).*?):(\d+)(?::\d+)?\)?$/;
const OWN_FOLDER = fileURLToPath(new URL("../../", import.meta.url));

/** Returns the first file and line of the app's code in a stack trace: `src/app.ts:12`. */
function placeOf(error: Error): string | undefined {
  for (const line of error.stack?.split("\n") ?? []) {
    const found = FRAME.exec(line);
    if (!found?.[1]) continue;
    const path = found[1].startsWith("file:") ? fileURLToPath(found[1]) : found[1];
    if (path.startsWith(OWN_FOLDER) || path.includes("node_modules")) continue;
    return `${shortPath(path)}:${found[2]}`;
  }
  return undefined;
}
