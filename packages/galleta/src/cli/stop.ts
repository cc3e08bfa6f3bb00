import { constants } from "node:os";
import { isMessage } from "./ipc.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Two stop signals within this many milliseconds count as one. On Ctrl-C, the terminal signals both
 * this process and `npx`, and `npx` then signals this process again.
 */
const ECHO_MILLISECONDS = 200;

/**
 * How many milliseconds pass between checks that the parent process is alive. Without these checks,
 * this process could keep running after npm was killed.
 */
const PARENT_MILLISECONDS = 250;

/** The signals that a user or a supervisor sends to `galleta serve`, as promises. */
export interface Wishes {
  /** Resolves when the server must stop. */
  readonly stop: Promise<void>;
  /** Resolves at the next SIGHUP, which asks for a restart with the current code. */
  reload(): Promise<"reload">;
}

/**
 * Listens for SIGINT and SIGTERM, which stop the server, and for SIGHUP, which reloads it. In a
 * terminal, SIGHUP means that the terminal was closed, so there it stops the server.
 *
 * @param force called with the exit code at a second signal, to exit without waiting
 */
export function listenToSignals(force: (exitCode: number) => void): Wishes {
  let onReload: (() => void)[] = [];
  const stop = new Promise<void>((resolve) => {
    let first: number | undefined;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        const now = performance.now();
        first ??= now;
        if (now - first > ECHO_MILLISECONDS) force(128 + constants.signals[signal]);
        else resolve();
      });
    }
    process.on("SIGHUP", () => {
      if (process.stdin.isTTY || process.stdout.isTTY) return resolve();
      const listeners = onReload;
      onReload = [];
      for (const listener of listeners) listener();
    });
    if (isBelowNpm()) whenOrphaned(resolve);
  });
  return { stop, reload: () => new Promise((done) => onReload.push(() => done("reload"))) };
}

/**
 * True if npm started this process. On SIGTERM, npm kills its shell without forwarding the signal,
 * so this process must itself check that its parent is alive.
 */
function isBelowNpm(): boolean {
  const { npm_command: command, npm_lifecycle_event: script } = process.env;
  return command !== undefined || script !== undefined;
}

function whenOrphaned(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, PARENT_MILLISECONDS);
  timer.unref();
}

/**
 * Resolves when a child process of `galleta serve` must stop: the parent process asks for it or has
 * ended, or the child itself gets a SIGTERM. SIGINT and SIGHUP are ignored, because the terminal
 * also sends them to the parent, which decides.
 */
export function untilParentStops(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGINT", () => undefined);
    process.on("SIGHUP", () => undefined);
    process.on("SIGTERM", () => resolve());
    process.on("disconnect", () => resolve());
    process.on("message", (message) => {
      if (isMessage(message, "stop")) resolve();
    });
  });
}
