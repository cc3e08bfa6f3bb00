import module from "node:module";

type Resolved = { url: string; format?: string | null | undefined };

let format: string | undefined;

/**
 * Sets how all later imports of this process read TypeScript files of the app. They are ES modules,
 * regardless of package.json (`npm init` writes "commonjs" or nothing): as CommonJS they could not
 * import `galleta`. Packages are left alone.
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
 * Node 20 calls this in its loader's thread.
 * @public
 */
export function initialize(data: string): void {
  format = data;
}

/**
 * The hook for Node 20.
 * @public
 */
export async function resolve(
  name: string,
  context: object,
  next: (name: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  return withFormat(await next(name, context), format);
}

function withFormat(found: Resolved, asFormat: string | undefined): Resolved {
  const isOfApp = found.url.startsWith("file:") && !found.url.includes("/node_modules/");
  const isTyped = /\.(?:ts|mts|tsx|jsx)(?:[?#]|$)/.test(found.url);
  return isOfApp && isTyped && asFormat !== undefined ? { ...found, format: asFormat } : found;
}
