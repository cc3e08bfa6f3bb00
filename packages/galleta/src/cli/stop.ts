import { constants } from "node:os";
import { isMessage } from "./ipc.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * `npx` passes Ctrl-C on to the process that the terminal has told already. Two signals so close
 * together are one wish.
 */
const ECHO_MILLISECONDS = 200;

/**
 * Waits for the wish to stop, from a person or a supervisor.
 *
 * @param force called with the exit code for a second signal: there is no more waiting then
 * @returns resolves at the first SIGINT or SIGTERM
 */
export function untilSignal(force: (exitCode: number) => void): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        const now = performance.now();
        first ??= now;
        if (now - first > ECHO_MILLISECONDS) force(128 + constants.signals[signal]);
        else resolve();
      });
    }
  });
}

/**
 * Waits for the wish to stop in a process that `galleta serve` started: from the parent, from the
 * parent's end, or from a SIGTERM for this process alone. A terminal sends its SIGINT to both, and
 * the parent decides.
 */
export function untilParentStops(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => resolve());
    process.on("disconnect", () => resolve());
    process.on("message", (message) => {
      if (isMessage(message, "stop")) resolve();
    });
  });
}
