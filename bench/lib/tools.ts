import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { has, run } from "./children.ts";

const folder = fileURLToPath(new URL("../.cache/", import.meta.url));

/** The folder for what the benchmark makes; git ignores it. */
export function cacheFolder(): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Compiles one of the C files in load/. Throws where there is no compiler. */
export async function compile(name: string, flags: readonly string[] = []): Promise<string> {
  if (!has("cc")) throw new Error("It needs a C compiler (Debian: gcc and libc6-dev).");
  const source = fileURLToPath(new URL(`../load/${name}.c`, import.meta.url));
  const target = `${cacheFolder()}${name}${flags.includes("-shared") ? ".so" : ""}`;
  await run(["cc", "-O2", "-Wall", ...flags, "-o", target, source, "-ldl"]);
  return target;
}
