import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { Io } from "./command.ts";
import { details, explain } from "./failure.ts";
import { WATCHER } from "./ipc.ts";
import type { ServeFlags } from "./plan.ts";
import { runServer, type Announce } from "./run-server.ts";
import type { Wishes } from "./stop.ts";
import { parseTarget } from "./target.ts";

/**
 * How many seconds requests in flight may take before a restart in watch mode. A developer does not
 * want to wait longer.
 */
const GRACE_SECONDS = 2;
/** How many milliseconds pass between checks that `galleta serve --watch` is still alive. */
const PARENT_MILLISECONDS = 250;

/**
 * Runs `galleta serve --watch`: the same command without `--watch`, in Node's watch mode.
 *
 * @returns the exit code
 * @throws CliError if there is no such file
 */
export async function runWatching(flags: ServeFlags, wishes: Wishes): Promise<number> {
  parseTarget(flags.target);
  // Keeps the port that the system chose, so that the printed URL stays valid.
  const port = flags.port === "0" ? await freePort(flags.host) : flags.port;
  const files = {
    "--env-file": flags.envFiles,
    "--tls-cert": [flags.tlsCert],
    "--tls-key": [flags.tlsKey],
  };
  const more = Object.entries({ "--host": [flags.host], "--port": [port], ...files }).flatMap(
    ([name, values]) =>
      values.flatMap((value) => (value === undefined ? [] : [`${name}=${value}`])),
  );
  const program = process.argv[1] ?? "";
  const grace = `--grace=${Math.min(flags.grace, GRACE_SECONDS)}`;
  const command = [program, "serve", flags.target, ...more, grace];
  for (;;) {
    const watcher = spawn(process.execPath, ["--watch", "--watch-preserve-output", ...command], {
      stdio: "inherit",
      env: { ...process.env, [WATCHER]: String(process.pid) },
    });
    const ended = once(watcher, "exit") as Promise<[code: number | null]>;
    const wish = await Promise.race([wishes.stop, wishes.reload(), ended]);
    watcher.kill("SIGTERM");
    const [code] = await ended;
    if (wish !== "reload") return code ?? 0;
  }
}

/**
 * Serves an app in a process that Node's watch mode restarts. After an error, this process waits
 * for the next change of a file instead of ending.
 *
 * @param stop resolves when the server must stop
 */
export async function runWatched(
  flags: ServeFlags,
  stop: Promise<void>,
  announce: Announce,
  io: Io,
): Promise<void> {
  // Node watches the files that the app imports. This message adds the environment files.
  process.send?.({ "watch:require": flags.envFiles.map((file) => resolve(file)) });
  const ended = Promise.race([stop, untilOrphaned()]);
  try {
    await runServer(flags, ended, announce, io);
  } catch (error) {
    io.err(
      `${details(error)}galleta: ${explain(error)}\nThe app starts again at the next change.\n`,
    );
    await ended;
  }
}

/**
 * Resolves when the `galleta serve --watch` that started this process has ended. Node's watch mode
 * does not check this.
 */
function untilOrphaned(): Promise<void> {
  const watcher = Number(process.env[WATCHER]);
  return new Promise((done) => {
    const timer = setInterval(() => {
      if (isAlive(watcher)) return;
      clearInterval(timer);
      process.kill(process.ppid, "SIGTERM");
      done();
    }, PARENT_MILLISECONDS);
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort(host: string | undefined): Promise<string> {
  const server = createServer().listen(0, host ?? "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}
