/**
 * Shows an error that no caller can catch: as a process warning, or on the console if the runtime
 * has no process warnings.
 */
export function warn(error: unknown): void {
  const warning = error instanceof Error ? error : new Error(String(error));
  // The `process` of workerd lacks `emitWarning` with an older compatibility date.
  const { emitWarning } = process as Partial<typeof process>;
  // oxlint-disable-next-line no-console -- the one place that is left
  if (emitWarning === undefined) console.warn(warning);
  else process.emitWarning(warning);
}
