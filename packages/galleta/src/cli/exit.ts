/**
 * Ends the process once everything that was written is out. An app may hold timers and
 * connections open, so the end of the work is not by itself the end of the process.
 */
export async function leave(code: number): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          // The reader may have gone: `galleta --help | head -1`.
          stream.on("error", () => resolve());
          stream.write("", () => resolve());
        }),
    ),
  );
  process.exit(code);
}
