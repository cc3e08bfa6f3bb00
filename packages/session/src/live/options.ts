import { optionError } from "../errors.ts";
import type { LiveOptions } from "../session/connect.ts";

const DEFAULT_PATH = "/.galleta/session";

/**
 * Where pages exchange tickets.
 *
 * @throws SessionError `ERR_SESSION_OPTION` when the option is no plain path
 */
export function readExchangePath({ exchangePath = DEFAULT_PATH }: LiveOptions): string {
  if (typeof exchangePath === "string" && /^\/[\w.~/-]+$/.test(exchangePath)) return exchangePath;
  throw optionError('exchangePath must be a plain path, as in "/.galleta/session".');
}
