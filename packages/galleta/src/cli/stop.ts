import { constants } from "node:os";
import { isMessage } from "./ipc.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * `npx` passes on a Ctrl-C that the process already got from the terminal. Two signals within this
 * time count as one.
 */
const ECHO_MILLISECONDS = 200;

/** Milliseconds between checks that the parent lives. npm would leave this process behind. */
const PARENT_MILLISECONDS = 250;

/** What a user or a supervisor asks of `galleta serve`. */
export interface Wishes {
  /** Resolves when the server must stop. */
  readonly stop: Promise<void>;
  /** Resolves at the next SIGHUP: the server must start again, with the present code. */
  reload(): Promise<"reload">;
}

/**
 * Listens for SIGINT and SIGTERM, which stop, and for SIGHUP, which reloads. A closed terminal also
 * sends SIGHUP; there it stops.
 *
 * @param force called with the exit code for a second signal, to exit without waiting
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

/** True below npm. At SIGTERM, npm ends and kills its shell, but does not pass the signal on. */
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
 * Waits for the wish to stop in a process that `galleta serve` started: from the parent, the
 * parent's end, or a SIGTERM for this process alone. A terminal sends SIGINT and SIGHUP to both,
 * and the parent decides.
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
