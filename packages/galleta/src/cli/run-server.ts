import type { Io } from "./command.ts";
import { CliError, codeOf } from "./failure.ts";
import { makePlan, type ServeFlags, type ServePlan } from "./plan.ts";

/**
 * How many milliseconds the command still waits for the app's shutdown listeners after the grace
 * period.
 */
const HANGING_MILLISECONDS = 1000;

/**
 * Called when the server listens, with its URL. `inspector` is the URL of the session inspector, if
 * there is one.
 */
export type Announce = (url: string, inspector?: string) => void;

/**
 * Serves an app in this process, from checking the flags to closing the last socket.
 *
 * @param stop resolves when the server must stop
 * @param announce called once the server listens, with its URL and the URL of the session inspector
 * @returns the value of `stop`
 * @throws CliError, or an error of the app, if the app cannot start or its shutdown fails
 */
export async function runServer<Wish>(
  flags: ServeFlags,
  stop: Promise<Wish>,
  announce: Announce,
  io: Io,
): Promise<Wish> {
  // A stop signal during the start is obeyed immediately, because no request is in flight yet.
  const started = await Promise.race([start(makePlan(flags)), stop.then(() => undefined)]);
  if (started === undefined) return stop;
  const { server, inspector } = started;
  announce(server.url, inspector);
  const wish = await stop;
  const { grace } = flags;
  const late = setTimeout(
    () => io.err(`Requests that took longer than ${grace} s were cut off.\n`),
    grace * 1000,
  );
  // A shutdown listener that never ends must not keep the process alive.
  const giveUp = new Promise<void>((resolve) => {
    setTimeout(resolve, grace * 1000 + HANGING_MILLISECONDS).unref();
  });
  await Promise.race([server.close({ timeout: grace }), giveUp]);
  clearTimeout(late);
  return wish;
}

async function start({ target, hostname, port, tls }: ServePlan) {
  // Loaded only now: a mistyped flag is reported without loading the framework.
  const [{ loadApp }, { serve }, { coreOf }] = await Promise.all([
    import("./load-app.ts"),
    import("../serve.ts"),
    import("../app.ts"),
  ]);
  const app = await loadApp(target);
  try {
    const server = await serve(app, { hostname, port, ...(tls && { tls }) });
    return { server, inspector: inspectorOf(coreOf(app).inspector, server.url) };
  } catch (error) {
    throw listenFailure(error, hostname, port) ?? error;
  }
}

/**
 * Returns the URL of the session inspector; `undefined` if the app has none, or if other machines
 * can reach this server.
 */
function inspectorOf(path: string | undefined, url: string): string | undefined {
  if (path === undefined || !isLoopback(new URL(url).hostname)) return undefined;
  return new URL(path, url).href;
}

const isLoopback = (host: string) => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

/**
 * Returns an error that explains why the server cannot listen on its address; `undefined` if
 * `cause` is another error.
 */
function listenFailure(cause: unknown, hostname: string, port: number): CliError | undefined {
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return new CliError(
        `Port ${port} is in use on ${hostname}. Stop the program that uses it, or choose another port with --port.`,
        { cause },
      );
    case "EACCES":
      return new CliError(`This user may not listen on port ${port}. Choose one above 1023.`, {
        cause,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new CliError(
        `${hostname} is not an address of this machine. Choose one with --host.`,
        {
          cause,
        },
      );
    default:
      return undefined;
  }
}
