import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { has, run } from "./children.ts";

const folder = fileURLToPath(new URL("../.cache/", import.meta.url));

/** The file with the figures for the README. */
export const FIGURES = `${folder}figures.json`;

/** Returns the folder for files that the benchmark makes; git ignores it. */
export function cacheFolder(): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

const compiled = new Map<string, Promise<string>>();

/** Compiles one of the C files in load/, once in a run. Throws if there is no compiler. */
export function compile(name: string): Promise<string> {
  const path = compiled.get(name) ?? compileNow(name);
  compiled.set(name, path);
  return path;
}

async function compileNow(name: string): Promise<string> {
  if (!has("cc")) throw new Error("It needs a C compiler (Debian: gcc and libc6-dev).");
  const source = fileURLToPath(new URL(`../load/${name}.c`, import.meta.url));
  const target = `${cacheFolder()}${name}`;
  await run(["cc", "-O2", "-Wall", "-o", target, source]);
  return target;
}
