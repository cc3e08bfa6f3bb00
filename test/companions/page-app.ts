import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const folder = new URL(".", import.meta.url);

let programs = 0;

/** True if `npm run runtimes` installed a package here; with `CI=true` it must have. */
export function isInstalled(name: string): boolean {
  if (existsSync(new URL(`node_modules/${name}`, folder))) return true;
  const message = `npm run runtimes installs ${name}.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
  return false;
}

/** The code of a page of the docs. */
export function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}.md`, folder), "utf8");
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"));
  return [...blocks].map(([, code = ""]) => code);
}

/**
 * Makes a program of all `ts` blocks of a page, unchanged.
 *
 * @param ending code after the page's, such as to listen
 * @param change makes a variant of the program
 */
export function writePageApp(
  page: string,
  ending: string,
  change = (code: string) => code,
): Promise<string> {
  return writeProgram(page, change([...blocksOf(page, "ts"), ending].join("\n")));
}

/** Writes a program that finds the packages of this folder. @returns its path */
export async function writeProgram(name: string, typescript: string): Promise<string> {
  const { code } = await transform(typescript, { loader: "ts" });
  const scratch = new URL(".scratch/", folder);
  mkdirSync(scratch, { recursive: true });
  const path = fileURLToPath(new URL(`${name}-${programs++}.mjs`, scratch));
  writeFileSync(path, code);
  return path;
}

/** Starts a program, and waits for its first output: that it listens. */
export async function startProgram(
  path: string,
  env: Record<string, string>,
  { execPath = process.execPath }: { execPath?: string } = {},
): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(path, { env: { ...process.env, ...env }, execPath, silent: true });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: unknown) => (said += String(chunk)));
  }
  const ended = once(child, "exit").then(() => {
    throw new Error(`${path} ended: ${said}`);
  });
  ended.catch(() => undefined);
  const [message] = (await Promise.race([once(child, "message"), ended])) as [unknown];
  return { child, said: message };
}
