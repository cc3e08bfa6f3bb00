/**
 * Shows an error that no caller can catch: as a process warning where the runtime has those, else on
 * the console.
 */
export function warn(error: unknown): void {
  const warning = error instanceof Error ? error : new Error(String(error));
  // The `process` of workerd lacks it with an older compatibility date.
  const { emitWarning } = process as Partial<typeof process>;
  // oxlint-disable-next-line no-console -- the one place that is left
  if (emitWarning === undefined) console.warn(warning);
  else process.emitWarning(warning);
}
