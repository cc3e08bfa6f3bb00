import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";

type ResolveResult = { url: string; format?: string | null | undefined };

/**
 * Makes `import` read TypeScript, on every version of Node alike: with enums, with imports that
 * end in `.js` or in nothing, with the `paths` of the tsconfig.json nearest to the app.
 *
 * Only how a file is read changes, never its URL: so the `galleta` and `@galleta/session` that the
 * app imports are the very modules that this program runs on, and an App is known as one.
 *
 * @param file the app's file, an absolute path
 */
export async function readTypeScript(file: string): Promise<void> {
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: nearestTsconfig(file) ?? false });
  // From Node 22.15 on hooks run in this thread; tsx uses the same ones where they are.
  const hooks = module as { registerHooks?: (hooks: object) => void };
  if (hooks.registerHooks) hooks.registerHooks({ resolve: resolveSync });
  else module.register(import.meta.url);
}

/**
 * The hook as the loader thread of Node 20 calls it.
 * @public
 */
export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<ResolveResult>,
): Promise<ResolveResult> {
  return asModule(await next(specifier, context));
}

function resolveSync(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => ResolveResult,
): ResolveResult {
  return asModule(next(specifier, context));
}

/**
 * TypeScript is an ES module, whatever the package.json above it says (`npm init` writes
 * "commonjs" or nothing). As CommonJS it could not import `galleta`, which is one.
 */
function asModule(result: ResolveResult): ResolveResult {
  const ours =
    /^file:.*\.(?:tsx?|jsx)(?:[?#]|$)/.test(result.url) && !/node_modules/.test(result.url);
  return ours ? { ...result, format: "module" } : result;
}

function nearestTsconfig(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, "tsconfig.json");
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
