/**
 * Tells the operator of an error that nobody handled, with its stack and causes. This file is
 * the one that writes to the console; the client never sees any of this.
 */
export function logError(what: string, error: unknown): void {
  // oxlint-disable-next-line no-console
  console.error(`[galleta] ${what}`, error);
}

const said = new Set<string>();

/** Warns the developer of a mistake, once in a process for each text. */
export function warnOnce(text: string): void {
  // A client chooses the paths that stand in such texts.
  if (said.has(text) || said.size >= 100) return;
  said.add(text);
  // oxlint-disable-next-line no-console
  console.warn(`[galleta] ${text}`);
}
