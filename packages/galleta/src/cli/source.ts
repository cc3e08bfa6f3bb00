import { resolve } from "node:path";
import type { Message } from "esbuild";
import { shortPath } from "./failure.ts";

/** What a look at an app's source, without running it, gave. */
export type SourceReading =
  | {
      readonly ok: true;
      /** The absolute paths of the app's file and of all that it imports, packages left out. */
      readonly files: ReadonlySet<string>;
    }
  | {
      readonly ok: false;
      /** `src/app.ts:3:14: Syntax error: Expected ";"` */
      readonly problem: string;
    };

/**
 * Follows an app's imports without running anything.
 *
 * Node does not say in which file and line a module failed to parse, and no loader tells its
 * imports on every version of Node. esbuild, which tsx brings along, knows both.
 */
export async function readSource(file: string): Promise<SourceReading> {
  const { build } = await import("esbuild");
  try {
    const { metafile } = await build({
      entryPoints: [file],
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      // Nothing is to be rewritten for an older language: that could fail.
      target: "esnext",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    return { ok: true, files: new Set(Object.keys(metafile.inputs).map((path) => resolve(path))) };
  } catch (error) {
    const first = (error as { errors?: readonly Message[] }).errors?.[0];
    return { ok: false, problem: first === undefined ? String(error) : describe(first) };
  }
}

function describe({ text, location }: Message): string {
  // An import that is not there is no mistake of syntax, and says itself what it is.
  const kind = text.startsWith("Could not resolve") ? "" : "Syntax error: ";
  // esbuild shows the text that it stumbled over; a string there may be a secret.
  const message = text.replace(/ but found "(?:\\"|'|`).*$/s, " but found a string");
  if (location === null) return `${kind}${message}`;
  const path = shortPath(resolve(location.file));
  return `${path}:${location.line}:${location.column + 1}: ${kind}${message}`;
}
