/** Logs an error to the console, with its stack and causes. Clients never get these details. */
export function logError(what: string, error: unknown): void {
  // oxlint-disable-next-line no-console
  console.error(`[galleta] ${what}`, error);
}

const said = new Set<string>();

/** Prints a warning for the developer of the app. Each text is printed once per process. */
export function warnOnce(text: string): void {
  // The texts contain paths, which clients choose. A limit of 100 texts keeps clients from filling
  // the memory and the log.
  if (said.has(text) || said.size >= 100) return;
  said.add(text);
  // oxlint-disable-next-line no-console
  console.warn(`[galleta] ${text}`);
}
