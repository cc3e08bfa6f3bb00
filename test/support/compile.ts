import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./doc-examples.ts";

const run = promisify(execFile);

/** The options of an app with strict types. Declarations of frameworks are not ours to check. */
const STRICT = {
  target: "ES2023",
  lib: ["ES2023", "DOM", "DOM.Iterable"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

/** Compiles a folder with a tsconfig.json, or the file of a configuration. @returns the errors */
export async function compile(project: string): Promise<string> {
  const tsc = join(root, "node_modules/.bin/tsc");
  const { stdout } = await run(tsc, ["-p", project]).catch((error: { stdout: string }) => error);
  return stdout;
}

/** Writes files into a folder and compiles them as one program. @returns the errors */
export async function compileFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  options: object = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const config = { compilerOptions: { ...STRICT, ...options }, files: Object.keys(files) };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  return compile(folder);
}

/** Takes the compiler's output apart. @returns one text for each error */
export function errorsIn(output: string): string[] {
  return output.split(/\n(?=\S)/).filter((error) => error !== "");
}
