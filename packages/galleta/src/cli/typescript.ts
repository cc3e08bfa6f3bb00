import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { CliError, shortPath } from "./failure.ts";
import { hookImports } from "./hooks.ts";

/** The part of the module `tsx/esm/api` that Galleta uses. */
interface Tsx {
  register(options: { readonly tsconfig: string | false }): unknown;
}

/**
 * True if this version of Node reads TypeScript itself, by removing the types. No version reads
 * JSX.
 */
const isNative = (process.features as { typescript?: unknown }).typescript === "strip";

/**
 * Makes `import` read TypeScript: Node 22.18 and later do it themselves, older versions and JSX
 * need the app's package `tsx`.
 *
 * @param file the app's file, an absolute path
 * @throws CliError if `tsx` is needed, and the app does not have it
 */
export async function readTypeScript(file: string): Promise<void> {
  const isJsx = extname(file).endsWith("x");
  if (isNative && !isJsx) return hookImports("module-typescript");
  const tsx = findTsx(file);
  if (tsx === undefined) {
    const why = isJsx ? "does not read JSX" : "does not read TypeScript";
    const other = isJsx ? "" : " Node 22.18 and later need no package.";
    throw new CliError(
      `${shortPath(file)}: Node ${process.versions.node} ${why} by itself. Add tsx, which galleta ` +
        `then uses: npm i -D tsx.${other}`,
    );
  }
  const { register } = (await import(pathToFileURL(tsx).href)) as Tsx;
  register({ tsconfig: nearestTsconfig(file) ?? false });
  // Only the way of reading a file changes, not its URL. So the app imports the `galleta` that this
  // program uses, which recognizes its App.
  hookImports("module");
}

function findTsx(file: string): string | undefined {
  for (const from of [file, join(process.cwd(), "none")]) {
    try {
      // Resolved as for `require`, this is the CommonJS file, which cannot be imported.
      return createRequire(from)
        .resolve("tsx/esm/api")
        .replace(/\.cjs$/, ".mjs");
    } catch {
      // tsx is not installed there.
    }
  }
  return undefined;
}

function nearestTsconfig(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, "tsconfig.json");
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
