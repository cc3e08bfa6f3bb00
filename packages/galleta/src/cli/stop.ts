import { constants } from "node:os";
import { isMessage } from "./ipc.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * `npx` passes Ctrl-C on to the process that the terminal has told already. Two signals so close
 * together are one wish.
 */
const ECHO_MILLISECONDS = 200;

/** How often the parent is looked for, where npm would leave this process behind. */
const PARENT_MILLISECONDS = 250;

/** What a person or a supervisor wants of `galleta serve`. */
export interface Wishes {
  /** Resolves when it shall stop. */
  readonly stop: Promise<void>;
  /** Resolves at the next SIGHUP: it shall start anew, with the code as it is then. */
  reload(): Promise<"reload">;
}

/**
 * Listens for SIGINT and SIGTERM, which stop, and for SIGHUP, which reloads; a terminal that is
 * closed sends SIGHUP as well, and there it stops.
 *
 * @param force called with the exit code for a second signal: there is no more waiting then
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

/** npm ends at SIGTERM and kills its shell, and tells the program below that nothing. */
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
 * Waits for the wish to stop in a process that `galleta serve` started: from the parent, from the
 * parent's end, or from a SIGTERM for this process alone. A terminal sends SIGINT and SIGHUP to both,
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
