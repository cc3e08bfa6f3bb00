import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compileFiles } from "../support/compile.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** Packs a package as it would be published. @returns the tarball's path */
export async function pack(name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "galleta-pack-"));
  const args = ["pack", "--silent", "--ignore-scripts", "--workspace", name];
  await run("npm", [...args, "--pack-destination", folder], { cwd: ROOT });
  return join(folder, readdirSync(folder)[0] ?? "none");
}

/** The exact versions that the repository is tested with. */
function pinned(names: readonly string[]): string[] {
  const read = (path: string) =>
    JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Record<string, Record<string, string>>;
  const versions: Record<string, string> = {
    ...read("packages/galleta/package.json")["dependencies"],
    ...read("package.json")["devDependencies"],
  };
  return names.map((name) => {
    if (/.@/.test(name)) return name;
    const version = versions[name];
    if (version === undefined) throw new Error(`package.json pins no version of ${name}`);
    return `${name}@${version}`;
  });
}

/**
 * An empty project with a tarball and a few packages, and nothing of the repository.
 * @param names with a version, or pinned by the repository
 */
export async function createProject(
  tarball: string,
  names: readonly string[],
  type: "module" | "commonjs" = "module",
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "galleta-project-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type }));
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
  const types = names.some((name) => name.startsWith("@types/node")) ? [] : ["@types/node"];
  const packages = [tarball, ...pinned([...types, ...names])];
  await run("npm", ["install", ...options, ...packages], { cwd: folder, timeout: 220_000 });
  return folder;
}

/** Compiles programs of a project, each by itself. @returns the compiler's output */
export async function compileEach(
  project: string,
  sources: Record<string, string>,
): Promise<string> {
  const outputs = Object.entries(sources).map(([name, source]) =>
    compileFiles(
      join(project, `types-${name}`),
      { "index.ts": source },
      { exactOptionalPropertyTypes: true },
    ),
  );
  return (await Promise.all(outputs)).join("");
}
