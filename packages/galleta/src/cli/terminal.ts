import type { Io } from "./command.ts";

/** The standard streams of this process. */
export const terminal: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};
