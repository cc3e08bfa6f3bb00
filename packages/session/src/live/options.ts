import { optionError } from "../errors.ts";

const DEFAULT_PATH = "/.galleta/session";

/**
 * Where pages exchange tickets.
 *
 * @param exchangePath the option
 * @throws SessionError `ERR_SESSION_OPTION` when the option is no plain path
 */
export function readExchangePath(exchangePath = DEFAULT_PATH): string {
  if (typeof exchangePath === "string" && /^\/[\w.~/-]+$/.test(exchangePath)) return exchangePath;
  throw optionError('exchangePath must be a plain path, as in "/.galleta/session".');
}
