import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { App } from "../app.ts";
import { CliError, codeOf, shortPath } from "./failure.ts";
import { readSource } from "./source.ts";
import type { AppTarget } from "./target.ts";
import { readTypeScript } from "./typescript.ts";

/**
 * Imports the app's file, TypeScript or JavaScript, and takes the App from it: the export that was
 * named, else the default export, else `app`.
 *
 * @throws CliError in one line, with the error of the app as its `cause`
 */
export async function loadApp({ file, exportName }: AppTarget): Promise<App> {
  if (extname(file) === ".cts") {
    throw new CliError(`${shortPath(file)}: an app is an ES module. Name it .ts or .mts.`);
  }
  // What was built to JavaScript runs as Node runs it, without any hook.
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

/** Says what is wrong with the source; `undefined` where it is the running app that threw. */
async function whyNotRead(file: string, error: unknown): Promise<string | undefined> {
  const name = error instanceof Error ? error.name : "";
  const unresolved = codeOf(error) === "ERR_MODULE_NOT_FOUND";
  if (name !== "SyntaxError" && name !== "TransformError" && !unresolved) return undefined;
  const { message, stack = "" } = error as Error;
  const reading = await readSource(file);
  if (!reading.ok) return reading.problem;
  if (unresolved) return message.split("\n", 1)[0];
  // Node puts the place before the stack where it knows it: an import that is not exported, or
  // `import` in a CommonJS file.
  const place = /^(\S.*:\d+)\n/.exec(stack)?.[1];
  if (place === undefined) return undefined;
  const path = place.startsWith("file:") ? decodeURIComponent(new URL(place).pathname) : place;
  return `${shortPath(path)}: ${message}.`;
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
    `${file} exports no app: write "export default app", or name it as in ${file}:admin.${listed(exports)}`,
  );
}

function asApp(value: unknown, what: string): App {
  if (value instanceof App) return value;
  if (App.isApp(value)) {
    throw new CliError(
      `${what} is an App of another copy of galleta. Run the one beside the app: npx galleta.`,
    );
  }
  throw new CliError(`${what} is no App: it must be made with new App().`);
}

function listed(exports: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(exports).filter((name) => name !== "default");
  return names.length === 0 ? "" : ` It exports: ${names.join(", ")}.`;
}
