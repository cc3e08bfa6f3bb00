/**
 * Tells the operator of an error that nobody handled, with its stack and causes. The one place
 * that writes to the console; the client never sees any of this.
 */
export function logError(what: string, error: unknown): void {
  // oxlint-disable-next-line no-console
  console.error(`[galleta] ${what}`, error);
}
