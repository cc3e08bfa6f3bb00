import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { App } from "../app.ts";
import { CliError, codeOf, shortPath } from "./failure.ts";
import { placeOfSyntaxError } from "./syntax.ts";
import type { AppTarget } from "./target.ts";
import { readTypeScript } from "./typescript.ts";

/**
 * Imports the file of an app, TypeScript or JavaScript, and returns the App that it exports. That
 * is the export that the user named, or without a name the default export, or else the export
 * `app`.
 *
 * @throws CliError with a message of one line if the file cannot be read or exports no App; if the
 *   app's own code throws, its error
 */
export async function loadApp({ file, exportName }: AppTarget): Promise<App> {
  if (extname(file) === ".cts") {
    throw new CliError(`${shortPath(file)}: an app must be an ES module. Name it .ts or .mts.`);
  }
  // Compiled JavaScript runs in Node without any hook.
  if (/^\.(?:ts|mts|tsx|jsx)$/.test(extname(file))) await readTypeScript(file);
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    const problem = await whyNotRead(file, error);
    if (problem === undefined) throw error;
    throw new CliError(problem, { cause: error });
  }
  return pickApp(exports, exportName, shortPath(file));
}

/**
 * Explains why the source code of the app could not be read; `undefined` if the app's own code
 * threw the error.
 */
async function whyNotRead(file: string, error: unknown): Promise<string | undefined> {
  if (!(error instanceof Error)) return undefined;
  const message = withoutStrings(error.message);
  if (codeOf(error) === "ERR_MODULE_NOT_FOUND") return message.split("\n", 1)[0];
  if (codeOf(error) === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return `${await placeOfSyntaxError(file, error)}${message}. Node itself only strips types: avoid this syntax, or run with NODE_OPTIONS="--import tsx".`;
  }
  // The format of tsx: `src/app.ts:3:14: ERROR: Expected ";"`
  const compiled = /^(.+:\d+):\d+: ERROR: (.*)$/m.exec(message);
  if (error.name === "TransformError" && compiled !== null) {
    return `${shortPath(compiled[1]!)}: ${compiled[2]}.`;
  }
  if (error.name !== "SyntaxError") return undefined;
  const place = await placeOfSyntaxError(file, error);
  return place === "" ? undefined : `${place}${message}.`;
}

/** Removes quoted source text from a compiler's message, because a string in it may be a secret. */
function withoutStrings(message: string): string {
  return message.replace(/ but found "(?:\\"|'|`).*$/s, " but found a string");
}

function pickApp(
  exports: Readonly<Record<string, unknown>>,
  exportName: string | undefined,
  file: string,
): App {
  if (exportName !== undefined) {
    if (!Object.hasOwn(exports, exportName)) {
      throw new CliError(`${file} has no export "${exportName}".${listed(exports)}`);
    }
    return asApp(exports[exportName], `The export "${exportName}" of ${file}`);
  }
  const found = [exports["default"], exports["app"]].find((value) => value instanceof App);
  if (found instanceof App) return found;
  const candidate = exports["default"] ?? exports["app"];
  if (candidate !== undefined) return asApp(candidate, `What ${file} exports`);
  throw new CliError(
    `${file} exports no app: write "export default app", or name the export as in ${file}:admin.${listed(exports)}`,
  );
}

function asApp(value: unknown, what: string): App {
  if (value instanceof App) return value;
  if (App.isApp(value)) {
    throw new CliError(
      `${what} is an App of another copy of galleta. Use the command that is installed beside the app: npx galleta.`,
    );
  }
  throw new CliError(`${what} is not an App: it must be made with new App().`);
}

function listed(exports: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(exports).filter((name) => name !== "default");
  return names.length === 0 ? "" : ` It exports: ${names.join(", ")}.`;
}
