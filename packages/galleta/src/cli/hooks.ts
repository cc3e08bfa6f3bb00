import module from "node:module";
import { MessageChannel, type MessagePort } from "node:worker_threads";

type Resolved = { url: string; format?: string | null | undefined };

/** What happens to every import of the app. Packages are left alone. */
interface Hooks {
  /**
   * How TypeScript files are read. They are ES modules, regardless of package.json (`npm init`
   * writes "commonjs" or nothing): as CommonJS they could not import `galleta`.
   */
  readonly format?: string;
  /** Called with the URL of every file. */
  readonly tell?: (url: string) => void;
}

let format: string | undefined;
let port: MessagePort | undefined;

/** Hooks all later imports of this process. */
export function hookImports(hooks: Hooks): void {
  // From Node 22.15 on, hooks run in this thread.
  const { registerHooks } = module as { registerHooks?: (hooks: object) => void };
  if (registerHooks !== undefined) {
    registerHooks({
      resolve: (name: string, context: object, next: (...args: unknown[]) => Resolved) =>
        passOn(next(name, context), hooks.format, hooks.tell),
    });
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (url: string) => hooks.tell?.(url)).unref();
  const data = { format: hooks.format, port: hooks.tell && port2 };
  module.register(`${import.meta.url}?${hooks.format ?? "tell"}`, { data, transferList: [port2] });
}

/**
 * Node 20 calls this in its loader's thread.
 * @public
 */
export function initialize(data: { format?: string; port?: MessagePort }): void {
  ({ format, port } = data);
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
  return passOn(await next(name, context), format, (url) => port?.postMessage(url));
}

function passOn(found: Resolved, format: string | undefined, tell?: (url: string) => void) {
  if (!found.url.startsWith("file:") || found.url.includes("/node_modules/")) return found;
  tell?.(found.url);
  const isTyped = /\.(?:ts|mts|tsx|jsx)(?:[?#]|$)/.test(found.url);
  return isTyped && format !== undefined ? { ...found, format } : found;
}
