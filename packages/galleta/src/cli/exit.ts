/**
 * Ends the process once all output is written. An app may keep timers and connections open, so the
 * process would not end by itself.
 */
export async function leave(code: number): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          // The reader may be gone, as in `galleta --help | head -1`.
          stream.on("error", () => resolve());
          stream.write("", () => resolve());
        }),
    ),
  );
  process.exit(code);
}
