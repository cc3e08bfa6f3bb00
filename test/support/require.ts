import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A command, module or library that a suite needs. */
export interface SystemNeed {
  /** The Debian package that provides it, as scripts/system-packages.txt names it. */
  readonly debianPackage: string;
  readonly isThere: () => boolean;
}

/**
 * Debian's Python, which has Debian's python3-* packages. Another one earlier in PATH lacks them.
 */
export const PYTHON = "/usr/bin/python3";
/** Debian's Ruby, which has Debian's ruby-* packages. */
export const RUBY = "/usr/bin/ruby";

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A command, given by its path or its name in PATH. */
export function command(name: string, debianPackage: string): SystemNeed {
  const places = name.includes("/")
    ? [name]
    : (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  return { debianPackage, isThere: () => places.some(isExecutable) };
}

const succeeds = (path: string, args: readonly string[]) =>
  spawnSync(path, args, { stdio: "ignore", timeout: 30_000 }).status === 0;

/** A module that Debian's Python can import. */
export function pythonModule(module: string, debianPackage: string): SystemNeed {
  return { debianPackage, isThere: () => succeeds(PYTHON, ["-c", `import ${module}`]) };
}

/** A library that Debian's Ruby can require. */
export function rubyLibrary(library: string, debianPackage: string): SystemNeed {
  return {
    debianPackage,
    isThere: () => succeeds(RUBY, ["-e", `require ${JSON.stringify(library)}`]),
  };
}

/**
 * True if a suite can run here, for `describe.runIf(available(...))`. If something is missing, it
 * prints the name of the Debian package.
 *
 * @throws Error with `CI=true` if something is missing: CI must not skip
 * @example
 * ```ts
 * describe.runIf(available(pythonModule("flask", "python3-flask")))("Flask", () => { ... });
 * ```
 */
export function available(...needs: readonly SystemNeed[]): boolean {
  const missing = needs.filter((need) => !need.isThere()).map((need) => need.debianPackage);
  if (missing.length === 0) return true;
  const message = `These tests need: apt-get install ${missing.join(" ")}`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
  return false;
}
