import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const BENCH = fileURLToPath(new URL("../", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A copy of the repository with the packages to measure: this one, or another commit. */
export class Tree {
  readonly root: string;
  readonly #bundled = new Map<string, Promise<string>>();

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Compiles a file of bench/ so that it imports the packages of this tree.
   * @param file relative to bench/
   * @returns the JavaScript to run, so that no TypeScript loader is measured
   */
  bundle(file: string): Promise<string> {
    const made = this.#bundled.get(file) ?? this.#bundle(file);
    this.#bundled.set(file, made);
    return made;
  }

  async #bundle(file: string): Promise<string> {
    const outfile = join(this.root, "bench/.cache/run", file.replace(/\.ts$/, ".mjs"));
    await build({
      entryPoints: [join(BENCH, file)],
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      logLevel: "warning",
    });
    return outfile;
  }
}

/** The repository that contains this file. */
export const HERE = new Tree(ROOT);

/**
 * Checks out and builds another commit in a temporary folder, which is deleted when the process
 * ends. It uses the frameworks and libraries installed here, so that only our packages differ.
 *
 * @param commit any name of a commit that git understands
 */
export function checkOut(commit: string): Tree {
  const root = join(mkdtempSync(join(tmpdir(), "galleta-compare-")), "tree");
  const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, stdio: "pipe" });
  git("worktree", "add", "--detach", root, commit);
  process.on("exit", () => {
    git("worktree", "remove", "--force", root);
    rmSync(join(root, ".."), { recursive: true, force: true });
  });
  linkPackages(root);
  execFileSync("npm", ["run", "build"], { cwd: root, stdio: "pipe" });
  return new Tree(root);
}

function linkPackages(root: string): void {
  const modules = join(root, "node_modules");
  mkdirSync(join(modules, "@galleta"), { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (name === "@galleta" || name.startsWith("galleta")) continue;
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  symlinkSync(join(root, "packages/galleta"), join(modules, "galleta"));
  for (const name of ["session", "inspect"]) {
    symlinkSync(join(root, "packages", name), join(modules, "@galleta", name));
  }
}
