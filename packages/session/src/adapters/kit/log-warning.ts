import { SessionError } from "../../errors.ts";

/** Logs an error that no response can report. */
export function logWarning(error: unknown): void {
  const text = error instanceof SessionError ? `${error.code}: ${error.message}` : String(error);
  // oxlint-disable-next-line no-console -- no response can report it
  console.warn(`[galleta] ${text}`);
}
