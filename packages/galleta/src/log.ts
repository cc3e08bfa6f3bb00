/**
 * Logs an error that no handler answered, with its stack and causes. All console output of the
 * framework is in this file; clients never get it.
 */
export function logError(what: string, error: unknown): void {
  // oxlint-disable-next-line no-console
  console.error(`[galleta] ${what}`, error);
}

const said = new Set<string>();

/** Warns the developer of a mistake. Each text is printed once per process. */
export function warnOnce(text: string): void {
  // The texts contain paths, which clients choose. A limit of 100 texts keeps clients from filling
  // the memory and the log.
  if (said.has(text) || said.size >= 100) return;
  said.add(text);
  // oxlint-disable-next-line no-console
  console.warn(`[galleta] ${text}`);
}
