import { execFile } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { shortPath } from "./failure.ts";

const MILLISECONDS = 5000;

/**
 * Returns the place where a file could not be parsed, such as `src/app.js:3: `; an empty string if
 * the file was parsed and its code threw the error.
 *
 * Node prints the place of a syntax error in a module only when the error ends a process. So this
 * function imports the file in a new process. The code of the app does not run there, because Node
 * parses all imports first.
 */
export async function placeOfSyntaxError(file: string, error: Error): Promise<string> {
  const own = placeIn(error.stack ?? "");
  if (own !== undefined) return `${own}: `;
  // The app's own code parsed this text, for example as JSON.
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

/**
 * Returns the file and line that Node prints before the stack of a syntax error; `undefined` if the
 * text contains none.
 */
function placeIn(text: string): string | undefined {
  const place = /^((?:file:\/\/)?(?:\/|[A-Z]:\\).*):(\d+)\n/m.exec(text);
  if (place === null) return undefined;
  const [, path = "", line] = place;
  return `${shortPath(path.startsWith("file:") ? fileURLToPath(path) : path)}:${line}`;
}
