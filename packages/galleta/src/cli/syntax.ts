import { execFile } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { shortPath } from "./failure.ts";

const MILLISECONDS = 5000;

/**
 * Where a file could not be parsed, as `src/app.js:3: `; an empty string where the error came out of
 * running code.
 *
 * Node tells the place of an error in a module only when the error ends a process, so this ends one:
 * nothing of the app runs in it, since its imports are parsed first.
 */
export async function placeOfSyntaxError(file: string, error: Error): Promise<string> {
  const own = placeIn(error.stack ?? "");
  if (own !== undefined) return `${own}: `;
  // Parsed by the app itself, as JSON is.
  if (!/^\s+at (?:compileSourceTextModule|new ModuleWrap|ModuleLoader)/m.test(error.stack ?? ""))
    return "";
  const program = `await import(${JSON.stringify(pathToFileURL(file).href)})`;
  const args = ["--input-type=module", "--eval", program];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { timeout: MILLISECONDS }, (_error, _out, err) =>
      resolve(err),
    );
  });
  const place = placeIn(output);
  return place === undefined ? "" : `${place}: `;
}

/** Node puts the place before the stack where it knows it. */
function placeIn(text: string): string | undefined {
  const place = /^((?:file:\/\/)?(?:\/|[A-Z]:\\).*):(\d+)\n/m.exec(text);
  if (place === null) return undefined;
  const [, path = "", line] = place;
  return `${shortPath(path.startsWith("file:") ? fileURLToPath(path) : path)}:${line}`;
}
