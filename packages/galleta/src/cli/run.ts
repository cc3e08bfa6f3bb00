import type { Io } from "./command.ts";
import { CliError, codeOf } from "./failure.ts";
import { makePlan, type ServeFlags, type ServePlan } from "./plan.ts";

/** After so long a person would think that nothing happens. */
const SAY_AFTER_MILLISECONDS = 500;

/**
 * Serves an app in this process, from the first look at the flags to the last closed socket.
 *
 * @param stop resolves when the server shall stop
 * @param announce called with the URL once the server listens
 * @throws CliError and whatever the app throws, when it cannot start or its shutdown fails
 */
export async function runServer(
  flags: ServeFlags,
  stop: Promise<void>,
  announce: (url: string) => void,
  io: Io,
): Promise<void> {
  // A wish to stop that comes while the app starts ends it at once: nothing is in flight yet.
  const server = await Promise.race([start(makePlan(flags)), stop]);
  if (server === undefined) return;
  announce(server.url);
  await stop;
  const says = setTimeout(() => {
    io.err("Stopping when the requests in flight are answered. Once more to stop at once.\n");
  }, SAY_AFTER_MILLISECONDS);
  const limit = timeLimit(flags.grace * 1000);
  const finished = await Promise.race([server.close().then(() => true), limit.reached]);
  clearTimeout(says);
  limit.cancel();
  if (!finished) io.err(`Requests were cut off: they took longer than ${flags.grace} seconds.\n`);
}

async function start({ target, hostname, port, tls }: ServePlan) {
  // Only now, so that a mistyped flag is told without loading the framework.
  const [{ loadApp }, { serve }] = await Promise.all([import("./load.ts"), import("../serve.ts")]);
  const app = await loadApp(target);
  try {
    return await serve(app, { hostname, port, ...(tls && { tls }) });
  } catch (error) {
    throw listenFailure(error, hostname, port) ?? error;
  }
}

/** Says what is wrong with the address; `undefined` where it is something else. */
function listenFailure(cause: unknown, hostname: string, port: number): CliError | undefined {
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return new CliError(
        `Port ${port} is in use on ${hostname}. Stop what uses it, or choose another with --port.`,
        { cause },
      );
    case "EACCES":
      return new CliError(`This user may not listen on port ${port}. Choose one above 1023.`, {
        cause,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new CliError(`${hostname} is no address of this machine. Choose one with --host.`, {
        cause,
      });
    default:
      return undefined;
  }
}

function timeLimit(milliseconds: number): { reached: Promise<false>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const reached = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  return { reached, cancel: () => clearTimeout(timer) };
}
