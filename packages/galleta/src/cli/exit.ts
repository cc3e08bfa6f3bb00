/**
 * Ends the process with an exit code after all output is written. Otherwise, open timers or
 * connections of the app would keep the process running.
 */
export async function leave(code: number): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          // The reader may have closed the pipe, as in `galleta --help | head -1`.
          stream.on("error", () => resolve());
          stream.write("", () => resolve());
        }),
    ),
  );
  process.exit(code);
}
