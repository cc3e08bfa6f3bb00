import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { CliError, shortPath } from "./failure.ts";

/** The file and export of an app, given as `src/app.ts` or `src/app.ts:admin`. */
export interface AppTarget {
  /** The absolute path of the app's file. */
  readonly file: string;
  /** The name of the export that contains the app, if the user gave one. */
  readonly exportName: string | undefined;
}

/**
 * Parses the argument `<file>[:export]` of `galleta serve`.
 * @throws CliError if the file does not exist or is a folder
 */
export function parseTarget(text: string): AppTarget {
  // A file may have a colon in its name, and on Windows every absolute path has one.
  const match = /^(.+):([A-Za-z_$][\w$]*)$/.exec(text);
  const named = match?.[1] !== undefined && !existsSync(text);
  const file = resolve(named ? (match[1] as string) : text);
  if (!existsSync(file)) throw new CliError(`There is no file ${shortPath(file)}.`);
  if (!statSync(file).isFile()) {
    throw new CliError(`${shortPath(file)} is a folder. Name the file that exports the app.`);
  }
  return { file, exportName: named ? match[2] : undefined };
}
