import module from "node:module";

type Resolved = { url: string; format?: string | null | undefined };

let format: string | undefined;

/**
 * Makes all later imports read the app's TypeScript files as ES modules. The `type` in package.json
 * is ignored (`npm init` writes "commonjs" or nothing), because CommonJS could not import
 * `galleta`. Packages are read as usual.
 */
export function hookImports(asFormat: string): void {
  // From Node 22.15 on, hooks run in this thread.
  const { registerHooks } = module as { registerHooks?: (hooks: object) => void };
  if (registerHooks === undefined) module.register(import.meta.url, { data: asFormat });
  else {
    registerHooks({
      resolve: (name: string, context: object, next: (...args: unknown[]) => Resolved) =>
        withFormat(next(name, context), asFormat),
    });
  }
}

/**
 * A hook that older versions of Node call in the thread of their module loader. `data` is the
 * format for the app's TypeScript files.
 * @public
 */
export function initialize(data: string): void {
  format = data;
}

/**
 * A hook that older versions of Node call for each import. The hook sets the format of the app's
 * TypeScript files.
 * @public
 */
export async function resolve(
  name: string,
  context: object,
  next: (name: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  return withFormat(await next(name, context), format);
}

/**
 * Matches the suffix that tsx adds to the URL of a file that it would read as CommonJS. The suffix
 * is removed, so that the file is read as an ES module.
 */
const COMMONJS = /(?:\?|%3F)tsx-commonjs-.*$/;

function withFormat(found: Resolved, asFormat: string | undefined): Resolved {
  const isOfApp = found.url.startsWith("file:") && !found.url.includes("/node_modules/");
  const url = found.url.replace(COMMONJS, "");
  const isTyped = /\.(?:ts|mts|tsx|jsx)(?:[?#]|$)/.test(url);
  return isOfApp && isTyped && asFormat !== undefined ? { ...found, url, format: asFormat } : found;
}
